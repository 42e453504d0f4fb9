"""The trace that the work at hand belongs to, by X-Ray's name for it: it goes along with every event.

EventBridge hands it to the queue, the queue to Lambda, whose own tracing continues it: no library is needed there.
"""

import os
from contextvars import ContextVar

_carried: ContextVar[str | None] = ContextVar("trace_header", default=None)


def carry(header: str | None) -> None:
    """From here on, in this context, work belongs to the trace of this header."""
    _carried.set(header)


def trace_header() -> str | None:
    """The trace that an event caused here belongs to: what was carried here, else Lambda's own."""
    return _carried.get() or os.environ.get("_X_AMZN_TRACE_ID")
