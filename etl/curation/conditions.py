"""Whether events are in the one form of their type, as the shop writes them: asked of columns, not of each event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.contracts import CONTRACTS, LINES, MAJOR_VERSION, Kind

_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_EVENT_ID = _UUID.replace("A-F", "")  # ids are compared
_TIME = r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{6})?Z$"
_VERSION = rf"^{MAJOR_VERSION}\.\d+$"
_AMOUNT = r"^(0|[1-9]\d{0,9})\.\d\d$"
_CURRENCY = r"^[A-Z]{3}$"


def are_in_form(kind: str, events: pa.RecordBatch) -> np.ndarray:
    """Which of the parsed events are in the one form of their type; their time may be any."""
    return all_of(len(events), _conditions(kind, events))


def day_of(moments: pa.Array) -> pa.Array:
    """The days of moments, both as texts."""
    return pc.utf8_slice_codeunits(moments, 0, 10)


def all_of(number: int, conditions: Iterable[pa.Array]) -> np.ndarray:
    """Which of so many values have every condition; one of which nobody knows whether it has it, has it not."""
    mask = np.ones(number, bool)
    for condition in conditions:
        if pc.all(condition, skip_nulls=False).as_py() is not True:
            mask &= pc.fill_null(condition, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def _conditions(kind: str, events: pa.RecordBatch) -> Iterator[pa.Array]:
    """What makes each event one in the form of its kind."""
    yield pc.match_substring_regex(events["event_id"], _EVENT_ID)
    yield pc.match_substring_regex(events["occurred_at"], _TIME)
    days = day_of(events["occurred_at"])
    yield pc.is_in(days, pa.array([day for day in pc.unique(days).to_pylist() if _is_day(day)], pa.string()))
    yield pc.match_substring_regex(events["version"], _VERSION)
    length = pc.utf8_length(events["correlation_id"])
    yield pc.and_(pc.greater(length, 0), pc.less_equal(length, 128))
    values = events["payload"].flatten()
    for (_, of_kind, is_required), each in zip(CONTRACTS[kind].fields(), values, strict=True):
        condition = _condition(of_kind, each)
        if is_required or of_kind is Kind.FLAG:  # a flag that is left out is not in its one form: it has a default
            yield condition
        else:
            yield pc.or_(pc.is_null(each), pc.fill_null(condition, fill_value=False))


def _condition(kind: Kind, values: pa.Array) -> pa.Array:
    """Whether each value is one of the kind; what is missing is not, or nobody knows."""
    match kind:
        case Kind.UUID:
            return pc.match_substring_regex(values, _UUID)
        case Kind.NAME:
            return pc.not_equal(values, "")
        case Kind.QUANTITY:
            return pc.greater_equal(values, 1)
        case Kind.COUNT:
            return pc.greater_equal(values, 0)
        case Kind.MONEY:
            amount, currency = values.flatten()
            return pc.and_(pc.match_substring_regex(amount, _AMOUNT), pc.match_substring_regex(currency, _CURRENCY))
        case Kind.TEXTS:
            return _for_each(values, [pc.is_valid(values.flatten())])
        case Kind.ORDER_LINES | Kind.RESERVED_LINES:
            of_line = zip(LINES[kind].values(), values.flatten().flatten(), strict=True)
            are_sound = _for_each(values, (_condition(of_kind, each) for of_kind, each in of_line))
            return pc.and_(are_sound, pc.greater(pc.list_value_length(values), 0))
    return pc.is_valid(values)


def _for_each(lists: pa.Array, conditions: Iterable[pa.Array]) -> pa.Array:
    """Which lists are there, and have only elements with every condition."""
    parents = pc.list_parent_indices(lists).to_numpy()
    mask = pc.is_valid(lists).to_numpy(zero_copy_only=False)
    mask[parents[~all_of(len(parents), conditions)]] = False
    return pa.array(mask)


def _is_day(text: str | None) -> bool:
    try:
        return text is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
