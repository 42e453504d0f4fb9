"""The one place for logs and metrics. Nothing personal goes in: no address, no session, no token.

Traces are elsewhere: Lambda makes them of itself, the storefront by OpenTelemetry, `retail.tracing` joins them.
"""

import json
import logging
import os
import sys

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.base import SingleMetric

from retail.discretion import describe as describe
from retail.log_lines import LibraryLines, LogLines

NAMESPACE = "RetailPlatform"

logger = Logger(logger_formatter=LogLines())


def _speak_for_libraries() -> None:
    """What libraries warn of is written as our own lines are; in Lambda instead of the runtime's own way."""
    root = logging.getLogger()
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        root.handlers.clear()
    handler = logging.StreamHandler(sys.stdout)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(LibraryLines(logger.registered_formatter))
    handler.addFilter(lambda record: record.name != logger.name)  # ours has a handler of its own
    root.addHandler(handler)
    logging.captureWarnings(True)


_speak_for_libraries()


def correlate(correlation_id: str, **more: str) -> None:
    """Every further log line of this context (a thread, a task, a `Context.run`) carries the correlation id."""
    logger.thread_safe_append_keys(correlation_id=correlation_id, **more)


def note(message: str, **fields: object) -> None:
    """Log a line at INFO without looking up which line of code it comes from."""
    underlying = logging.getLogger(logger.name)
    if underlying.isEnabledFor(logging.INFO):
        record = logging.LogRecord(logger.name, logging.INFO, __file__, 0, message, None, None, "note")
        record.__dict__.update(fields)
        underlying.handle(record)


def count(name: str, value: int = 1) -> None:
    """Emit one count right away, whoever runs: a function or the storefront. Its dimension is the service."""
    measure(name, value, MetricUnit.Count)


def measure(name: str, value: float, unit: MetricUnit) -> None:
    """Emit one measurement right away. Its dimension is the service."""
    metric = SingleMetric(namespace=NAMESPACE)
    metric.add_metric(name=name, unit=unit, value=value)
    metric.add_dimension("service", logger.service)
    line = json.dumps(metric.serialize_metric_set(), separators=(",", ":"))
    # As one piece: Powertools prints, and `print` writes the end of a line by itself, after another thread's line.
    sys.stdout.write(f"{line}\n")
