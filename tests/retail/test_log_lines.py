"""Our log lines are those of Powertools, letter by letter."""

import logging
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from retail.log_lines import LogLines


def both(**of_the_record: Any) -> tuple[str, str]:
    record = logging.makeLogRecord(
        {
            "levelname": "INFO",
            "funcName": "serve",
            "lineno": 7,
            "msg": "request",
            "created": 1790000000.5,
            "msecs": 500.0,
        }
        | of_the_record
    )
    lines = []
    for formatter in (LogLines(), LambdaPowertoolsFormatter()):
        formatter.append_keys(service="storefront", absent=None)
        formatter.thread_safe_append_keys(correlation_id="a-correlation-id")
        lines.append(formatter.format(record))
        formatter.thread_safe_clear_keys()
    return lines[0], lines[1]


@pytest.mark.parametrize(
    "of_the_record",
    [
        {},
        {"status": 200, "duration_ms": 0.4, "path": '/Käse "and" \\more\n'},
        {"error": {"reason": "gone", "stack": None}, "absent": None, "object": Exception("text")},
        {"msg": "%s of %s", "args": ("one", "two")},
        {"levelname": "ERROR", "exc_info": (ValueError, ValueError("no"), None)},
    ],
)
def test_a_line_is_the_one_that_powertools_writes(of_the_record: dict[str, Any]) -> None:
    ours, theirs = both(**of_the_record)
    assert ours == theirs
    assert '"correlation_id":"a-correlation-id"' in ours


def test_the_trace_of_the_function_is_on_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    ours, theirs = both()
    assert ours == theirs
    assert '"xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793"' in ours


def test_each_line_has_its_own_moment() -> None:
    lines = LogLines()
    for created in (1790000000.25, 1790000000.75, 1790000001.0):
        record = logging.makeLogRecord({"msg": "request", "created": created, "msecs": created % 1 * 1000})
        assert lines.format(record) == _without_keys(record)


def _without_keys(record: logging.LogRecord) -> str:
    return LambdaPowertoolsFormatter().format(record)
