"""Log lines as Powertools writes them, at two fifths of the price: the storefront writes one for each request."""

import json
import logging
import os

from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter

from retail.discretion import describe, discreet

_OF_THE_RECORD = frozenset(RESERVED_LOG_ATTRS) | logging.makeLogRecord({}).__dict__.keys()
_OF_EVERY_LINE = ("level", "location", "message", "timestamp")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class LogLines(LambdaPowertoolsFormatter):
    """Writes plain messages itself, in the same form, and leaves those with arguments or an exception to Powertools.

    A message is words: Powertools would look whether it is JSON.
    """

    _last_second = (-1, "", "")  # replaced as a whole: several threads write lines

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        if record.args or record.exc_info or not isinstance(record.msg, str):
            return super().format(record)
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.msg,
            "timestamp": self._timestamp(record),
            **{name: value for name, value in self.get_current_keys().items() if name not in _OF_EVERY_LINE},
            **self.thread_safe_get_current_keys(),
            **{name: value for name, value in record.__dict__.items() if name not in _OF_THE_RECORD},
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            line["xray_trace_id"] = trace.partition(";")[0].replace("Root=", "")
        return _encode({name: value for name, value in line.items() if value is not None})

    def _timestamp(self, record: logging.LogRecord) -> str:
        second, before, after = self._last_second
        if second != int(record.created):
            before, after = self.formatTime(record, "%Y-%m-%d %H:%M:%S,|%z").split("|")
            self._last_second = (int(record.created), before, after)
        return f"{before}{int(record.msecs):03d}{after}"


class LibraryLines(logging.Formatter):
    """What a library says as one of our lines: with its name, its exception as we describe it, without what it adds.

    A library's words are not ours, so addresses and long numbers are taken out of them.
    """

    def __init__(self, ours: logging.Formatter) -> None:
        super().__init__()
        self._ours = ours

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        of_the_record = {
            name: getattr(record, name) for name in ("levelname", "levelno", "funcName", "lineno", "created", "msecs")
        }
        line = {**of_the_record, "msg": discreet(record.getMessage()), "library": record.name}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = describe(error)
        return self._ours.format(logging.makeLogRecord(line))
