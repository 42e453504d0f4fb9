"""A record looked at closely: what is wrong with it, or the event that it is in the one form that all events have here.

Nearly every line is in that form as it comes, which `events` sees at a glance. This looks at the others: it takes what
the shop's own models take, however it is written, and says of the rest which is the first thing wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeGuard

from curation.contracts import CONTRACTS, ENVELOPE, MAJOR_VERSION, MONEY, ORDER_LINE, RESERVED_LINE, Kind

UNREADABLE = "is in an object that cannot be read"
TOO_LONG = "is longer than a million characters, which no event can be"
NO_EVENT = "is no single JSON object with an event_id"
AHEAD_AT_MOST = timedelta(days=1)  # a clock that is wrong by a day still tells a day; by more it tells nothing

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VERSION = re.compile(rf"{MAJOR_VERSION}\.[0-9]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt _]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?:[Zz]|([-+\u2212])([0-9]{2}):?([0-9]{2}))"
)
_DIGITS_AT_MOST = 10  # before the point, of an amount
_ZONE_AT_MOST = timedelta(hours=18)
_INTEGERS = range(-(2**31), 2**31)


class UnsoundError(ValueError):
    """What is wrong with a record: the message is the reason, `detail_type` what it says it is."""

    def __init__(self, reason: str, detail_type: str | None = None) -> None:
        self.detail_type = detail_type
        super().__init__(reason)


@dataclass(frozen=True)
class Limits:
    """Between which moments an event can have happened, for a run that began at `now`."""

    now: datetime
    began: str

    @property
    def first(self) -> datetime:
        """The earliest of all."""
        return datetime.fromisoformat(self.began)

    @property
    def last(self) -> datetime:
        """The latest that is believed."""
        return self.now + AHEAD_AT_MOST


@dataclass(frozen=True)
class Sound:
    """An event in its one form: of each field the contract's, in its order; `unknown_fields` is JSON, or None."""

    kind: str
    envelope: Mapping[str, Any]
    unknown_fields: str | None


def look(line: str, limits: Limits) -> Sound:
    """The event that a line holds. Raises UnsoundError for a line that holds none."""
    event = _object(line)
    envelope, kind = event, event.get("detail_type")
    if event.get("detail") is not None:  # as the bus carried it
        envelope, kind = event["detail"], event.get("detail-type", kind)
    if not isinstance(envelope, dict) or envelope.get("event_id") is None:
        raise UnsoundError(NO_EVENT, kind if isinstance(kind, str) else None)
    try:
        return _sound(kind, envelope, limits)
    except UnsoundError as unsound:
        raise UnsoundError(str(unsound), kind if isinstance(kind, str) else None) from None


def _object(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line, parse_constant=refuse)
        json.dumps(event, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise UnsoundError(NO_EVENT) from None
    if not isinstance(event, dict):
        raise UnsoundError(NO_EVENT)
    return event


def refuse(constant: str) -> None:
    """Raises ValueError for NaN and the like."""
    raise ValueError(f"{constant} is no JSON")


def _sound(kind: Any, envelope: Mapping[str, Any], limits: Limits) -> Sound:
    event_id, correlation_id = envelope.get("event_id"), envelope.get("correlation_id")
    payload: Any = envelope.get("payload")
    occurred_at = _moment(envelope.get("occurred_at"))
    for is_sound, reason in (
        (_is(_UUID, event_id), "event_id is no UUID"),
        (occurred_at is not None, "occurred_at is no time with a zone"),
        (occurred_at is None or occurred_at >= limits.first, "occurred_at is before the shop began"),
        (occurred_at is None or occurred_at <= limits.last, "occurred_at is more than a day ahead"),
        (_is(_VERSION, envelope.get("version")), "version is unknown"),
        (isinstance(correlation_id, str) and 1 <= len(correlation_id) <= 128, "correlation_id is missing"),
        (isinstance(payload, dict), "payload is missing"),
        (isinstance(kind, str) and kind in CONTRACTS, "detail_type is unknown"),
    ):
        if not is_sound:
            raise UnsoundError(reason)
    known: dict[str, Any] = {}
    for name, of_kind, is_required in CONTRACTS[kind].fields():
        known[name] = _value(name, of_kind, payload, is_required=is_required)
    unknown = {name: value for name, value in envelope.items() if name not in ENVELOPE}
    unknown |= {name: value for name, value in payload.items() if name not in known or _has_more(value, known[name])}
    form = {
        "event_id": str(event_id).lower(),
        "occurred_at": f"{occurred_at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if occurred_at else "",
        "version": envelope["version"],
        "correlation_id": correlation_id,
        "payload": known,
    }
    return Sound(kind, form, json.dumps(unknown, ensure_ascii=False) if unknown else None)


def _value(name: str, kind: Kind, payload: Mapping[str, Any], *, is_required: bool) -> Any:
    """A field's value in its one form."""
    if not is_required and name not in payload:
        return True if kind is Kind.FLAG else None
    value = payload.get(name)
    if not is_required and value is None and kind is not Kind.FLAG:
        return None
    found = _of_kind(kind, value)
    if found is None:
        raise UnsoundError(f"payload.{name} {kind.value}")
    return found


def _of_kind(kind: Kind, value: Any) -> Any:
    """The value in the one form of its kind, None for a value of another."""
    match kind:
        case Kind.UUID:
            return value if _is(_UUID, value) else None
        case Kind.TEXT:
            return value if isinstance(value, str) else None
        case Kind.NAME:
            return value if isinstance(value, str) and value else None
        case Kind.FLAG:
            return value if isinstance(value, bool) else None
        case Kind.INTEGER | Kind.QUANTITY | Kind.COUNT:
            least = {Kind.QUANTITY: 1, Kind.COUNT: 0}.get(kind, _INTEGERS.start)
            return value if type(value) is int and value in _INTEGERS and value >= least else None
        case Kind.MONEY:
            return _money(value)
        case Kind.TEXTS:
            return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None
        case Kind.ORDER_LINES:
            return _lines(value, ORDER_LINE)
        case Kind.RESERVED_LINES:
            return _lines(value, RESERVED_LINE)


def _lines(value: Any, fields: Mapping[str, Kind]) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not value or not all(isinstance(line, dict) for line in value):
        return None
    lines = [{name: _of_kind(kind, line.get(name)) for name, kind in fields.items()} for line in value]
    return None if any(field is None for line in lines for field in line.values()) else lines


def _money(value: Any) -> dict[str, str] | None:
    """An amount to the cent; None for what is no amount, is negative, has parts of a cent or no currency."""
    if not isinstance(value, dict) or not _is(_CURRENCY, value.get("currency")):
        return None
    amount = value.get("amount")
    text: Any = repr(amount) if type(amount) in (int, float) else amount
    if not _is(_NUMBER, text):
        return None
    exact = Decimal(text)
    if exact < 0 or (exact and exact.adjusted() >= _DIGITS_AT_MOST) or exact != round(exact, 2):
        return None
    return dict(zip(MONEY, (f"{abs(exact):.2f}", value["currency"]), strict=True))


def _moment(text: Any) -> datetime | None:
    """The moment of an ISO 8601 text with a zone, in each form that the envelope's model reads; None for any other."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, minutes, seconds, fraction, sign, hours_off, minutes_off = found.groups()
    off = timedelta(hours=int(hours_off or 0), minutes=int(minutes_off or 0))
    if int(minutes_off or 0) > 59 or off > _ZONE_AT_MOST:
        return None
    zone = timezone(off if sign == "+" else -off)
    try:
        local = datetime.fromisoformat(f"{day}T{minutes}:{seconds or '00'}.{(fraction or '0')[:6]:0<6}")
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _has_more(value: Any, known: Any) -> bool:
    """Whether a known field holds more than the contract knows of it."""
    if isinstance(known, dict):
        return len(value) > len(known) or any(_has_more(value[name], part) for name, part in known.items())
    if isinstance(known, list):
        return any(_has_more(part, other) for part, other in zip(value, known, strict=True))
    return False


def _is(pattern: re.Pattern[str], value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
