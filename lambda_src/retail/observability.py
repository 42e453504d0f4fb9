"""The one place for logs and metrics. Nothing personal goes in: no address, no session, no token.

Traces are elsewhere: Lambda makes them of itself, the storefront by OpenTelemetry, `retail.tracing` joins them.
"""

import logging
import traceback

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from retail.log_lines import LogLines

NAMESPACE = "RetailPlatform"

logger = Logger(logger_formatter=LogLines())


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
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", logger.service)


def describe(error: BaseException) -> dict[str, str]:
    """The error for a log: type, reason, code lines.

    PostgreSQL quotes the values of rows in the detail of an error, so only its primary message is taken.
    """
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    return {
        "error_type": type(error).__name__,
        "reason": primary or str(error),
        "stack": "".join(traceback.format_tb(error.__traceback__)),
    }
