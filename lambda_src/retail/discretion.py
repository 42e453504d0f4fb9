"""What a log may say about an error, and about anything else that was not worded here."""

import re
import traceback

_ADDRESS = re.compile(r"[^\s\"'<>(),;:=]+@[^\s\"'<>(),;:=]+\.\w+")
_LONG_NUMBER = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")  # as long as a card's


def discreet(text: str) -> str:
    """The text without e-mail addresses and without numbers that may be a card's."""
    return _LONG_NUMBER.sub("[number]", _ADDRESS.sub("[address]", text))


def describe(error: BaseException) -> dict[str, str]:
    """The error for a log: type, reason, code lines.

    PostgreSQL quotes the values of rows in the detail of an error, so only its primary message is taken; pydantic and
    FastAPI quote what they were given, so only what is wrong where is.
    """
    return {
        "error_type": type(error).__name__,
        "reason": discreet(_reason(error)),
        "stack": "".join(traceback.format_tb(error.__traceback__)),
    }


def _reason(error: BaseException) -> str:
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    if primary:
        return str(primary)
    errors = getattr(error, "errors", None)  # pydantic's and FastAPI's, which nobody has to import for this
    if callable(errors):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in errors())
    return str(error)
