"""What events of one type say, a column of Arrow for each thing, and whether they are in their one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.contracts import CONTRACTS, LINES, MAJOR_VERSION, Kind
from curation.verdict import Limits

MOMENT = pa.timestamp("us", tz="UTC")
AMOUNT = pa.decimal128(12, 2)

_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_EVENT_ID = _UUID.replace("A-F", "")  # ids are compared
_TIME = r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{6})?Z$"
_VERSION = rf"^{MAJOR_VERSION}\.\d+$"
_AMOUNT = r"^(0|[1-9]\d{0,9})\.\d\d$"
_CURRENCY = r"^[A-Z]{3}$"
_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class EventLines:
    """The lines of all events of a batch, one after the other: of which event each is, and what it says."""

    parents: np.ndarray
    fields: Mapping[str, pa.Array]


@dataclass(frozen=True)
class Columns:
    """Sound events of one type, a column for each thing that they say; `content` tells events of one id apart."""

    kind: str
    numbers: np.ndarray
    event_id: pa.Array
    occurred_at: pa.Array
    correlation_id: pa.Array
    date: pa.Array
    unknown_fields: pa.Array
    content: np.ndarray
    fields: Mapping[str, pa.Array]
    lines: EventLines | None

    def __len__(self) -> int:
        return len(self.numbers)

    def by_line(self) -> Columns:
        """Each event as often as it has lines, with the line's fields, `line_number` from 1 among them, beside its own.

        Events of a type that has no lines are there once.
        """
        if self.lines is None:
            return self
        of_event = self.take(pa.array(self.lines.parents))
        return replace(of_event, fields={**of_event.fields, **self.lines.fields}, lines=None)

    def where(self, chosen: np.ndarray) -> Columns:
        """Those that the mask says, with their lines."""
        taken = self.take(pa.array(np.flatnonzero(chosen)))
        if self.lines is None:
            return taken
        of_chosen = chosen[self.lines.parents]
        parents = (np.cumsum(chosen) - 1)[self.lines.parents[of_chosen]]
        fields = {name: column.filter(pa.array(of_chosen)) for name, column in self.lines.fields.items()}
        return replace(taken, lines=EventLines(parents, fields))

    def take(self, places: pa.Array) -> Columns:
        """The events at these places; their lines are left behind."""
        chosen = places.to_numpy()
        return Columns(
            kind=self.kind,
            numbers=self.numbers[chosen],
            event_id=self.event_id.take(places),
            occurred_at=self.occurred_at.take(places),
            correlation_id=self.correlation_id.take(places),
            date=self.date.take(places),
            unknown_fields=self.unknown_fields.take(places),
            content=self.content[chosen],
            fields={name: column.take(places) for name, column in self.fields.items()},
            lines=None,
        )

    def sum_of_lines(self, field: str) -> pa.Array:
        """The sum of a field over the lines of each event."""
        assert self.lines is not None  # noqa: S101  (who asks knows that the type has lines)
        numbers = self.lines.fields[field].to_numpy()
        sums = np.zeros(len(self), np.int64)
        np.add.at(sums, self.lines.parents, numbers)
        return pa.array(np.minimum(sums, _LARGEST), pa.int32())


def columns_of(kind: str, events: pa.RecordBatch, limits: Limits) -> tuple[Columns, list[int]]:
    """The columns of events that `forms` parsed, and the numbers of those that are not in their one form."""
    is_in_form = _all(len(events), _conditions(kind, events))
    others = events["number"].to_numpy()[~is_in_form].tolist()
    if others:
        events = events.filter(pa.array(is_in_form))
    fields, lines = _fields(kind, events["payload"])
    occurred_at = events["occurred_at"].cast(MOMENT)
    columns = Columns(
        kind,
        events["number"].to_numpy(),
        events["event_id"],
        occurred_at,
        events["correlation_id"],
        _days(events["occurred_at"]),
        events["unknown_fields"],
        _digests(kind, events) ^ (occurred_at.cast(pa.int64()).to_numpy() << 20),
        fields,
        lines,
    )
    first, last = (pa.scalar(moment, MOMENT) for moment in (limits.first, limits.last))
    is_timely = _all(len(events), (pc.greater_equal(occurred_at, first), pc.less_equal(occurred_at, last)))
    if is_timely.all():
        return columns, others
    return columns.where(is_timely), others + columns.numbers[~is_timely].tolist()


def _all(number: int, conditions: Iterable[pa.Array]) -> np.ndarray:
    """Which of so many values have every condition; one of which nobody knows whether it has it, has it not."""
    mask = np.ones(number, bool)
    for condition in conditions:
        if pc.all(condition, skip_nulls=False).as_py() is not True:
            mask &= pc.fill_null(condition, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def _conditions(kind: str, events: pa.RecordBatch) -> Iterator[pa.Array]:
    """What makes each event one in the form of its kind."""
    yield pc.equal(events["detail_type"], kind)
    yield pc.match_substring_regex(events["event_id"], _EVENT_ID)
    yield pc.match_substring_regex(events["occurred_at"], _TIME)
    days = _days(events["occurred_at"])
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
    mask[parents[~_all(len(parents), conditions)]] = False
    return pa.array(mask)


def _fields(kind: str, payloads: pa.Array) -> tuple[Mapping[str, pa.Array], EventLines | None]:
    fields: dict[str, pa.Array] = {}
    lines = None
    for (name, of_kind, _), values in zip(CONTRACTS[kind].fields(), payloads.flatten(), strict=True):
        if of_kind in LINES:
            lines = _lines(LINES[of_kind], values)
        else:
            fields |= _field(name, of_kind, values)
    return fields, lines


def _field(name: str, kind: Kind, values: pa.Array) -> Mapping[str, pa.Array]:
    """The column of a field, by its name; of money there are two."""
    if kind is Kind.MONEY:
        amount, currency = values.flatten()
        return {name: amount.cast(AMOUNT), f"{name}.currency": currency}
    return {name: values}


def _lines(kinds: Mapping[str, Kind], lists: pa.Array) -> EventLines:
    fields: dict[str, pa.Array] = {}
    for (name, kind), values in zip(kinds.items(), lists.flatten().flatten(), strict=True):
        fields |= _field(name, kind, values)
    parents = pc.list_parent_indices(lists).to_numpy()
    counts = pc.list_value_length(lists).to_numpy()
    first = np.cumsum(counts) - counts
    fields["line_number"] = pa.array(np.arange(len(parents)) - np.repeat(first, counts) + 1, pa.int32())
    return EventLines(parents, fields)


def _days(moments: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(moments, 0, 10)


def _is_day(text: str | None) -> bool:
    try:
        return text is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _digests(kind: str, events: pa.RecordBatch) -> np.ndarray:
    """A number for each event, which another that says something else has but once in four thousand million times."""
    said = _joined([_said(events["correlation_id"]), _said(events["payload"])])
    begun = crc32(kind.encode())
    return np.array([crc32(each, begun) for each in said.to_pylist()], np.int64)


# Bytes that no text has, so that nobody can say two things in the same bytes.
_NEXT, _ELEMENT, _NOTHING = (pa.scalar(each, pa.binary()) for each in (b"\xff", b"\xfe", b"\xfd"))


def _said(values: pa.Array) -> pa.Array:
    """The bytes for each value that no other value of its type has."""
    if pa.types.is_struct(values.type):
        return _joined([_said(each) for each in values.flatten()])
    if pa.types.is_list(values.type):
        counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy()
        elements = pc.binary_join_element_wise(_ELEMENT, _said(values.flatten()), b"")
        offsets = pa.array(np.append(0, np.cumsum(counts)), pa.int32())
        return pc.binary_join(pa.ListArray.from_arrays(offsets, elements), b"")
    return pc.fill_null(values.cast(pa.string()).cast(pa.binary()), _NOTHING)


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, _NEXT)
