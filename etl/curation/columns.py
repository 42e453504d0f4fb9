"""What events of one type say, a column of Arrow for each thing, and whether they are in their one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from marshal import dumps
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.contracts import CONTRACTS, MAJOR_VERSION, MONEY, ORDER_LINE, RESERVED_LINE, Contract, Kind
from curation.verdict import Limits

MOMENT = pa.timestamp("us", tz="UTC")
AMOUNT = pa.decimal128(12, 2)
TEXTS_OF_ENVELOPE = ("event_id", "occurred_at", "version", "correlation_id")

_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_EVENT_ID = _UUID.replace("A-F", "")  # ids are compared
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"
_VERSION = rf"^{MAJOR_VERSION}\.\d+$"
_AMOUNT = r"^\d{1,10}\.\d\d$"
_CURRENCY = r"^[A-Z]{3}$"
_LINES = {Kind.ORDER_LINES: ORDER_LINE, Kind.RESERVED_LINES: RESERVED_LINE}
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


class DoubtError(Exception):
    """Some of the events are not in their one form; the mask says which are."""

    def __init__(self, sound: np.ndarray) -> None:
        self.sound = sound
        super().__init__("not in the one form")


def columns_of(
    kind: str,
    numbers: Sequence[int],
    envelopes: Sequence[Mapping[str, Any]],
    unknown: Sequence[str | None],
    limits: Limits,
) -> Columns:
    """The columns of events of one type: for each the number of its line, its envelope, and its unknown fields.

    Raises DoubtError where some are not in their one form; whatever Arrow raises where they fit into no column.
    """
    sound = _Sound(len(envelopes))
    texts = {name: sound.texts([each[name] for each in envelopes]) for name in TEXTS_OF_ENVELOPE}
    sound.match(texts["event_id"], _EVENT_ID)
    sound.match(texts["occurred_at"], _TIME)
    sound.match(texts["version"], _VERSION)
    length = pc.utf8_length(texts["correlation_id"])
    sound.hold(pc.and_(pc.greater(length, 0), pc.less_equal(length, 128)))
    payloads = [each["payload"] for each in envelopes]
    fields, lines = _fields(CONTRACTS[kind], payloads, sound)
    sound.check()
    occurred_at = texts["occurred_at"].cast(MOMENT)
    sound.hold(pc.greater_equal(occurred_at, pa.scalar(limits.first, MOMENT)))
    sound.hold(pc.less_equal(occurred_at, pa.scalar(limits.last, MOMENT)))
    sound.check()
    # Version 2 of marshal's format is the last that writes the same for what is equal, whatever objects it shares.
    digests = [crc32(dumps((kind, each["correlation_id"], *each["payload"].values()), 2)) for each in envelopes]
    moments = occurred_at.cast(pa.int64()).to_numpy()
    return Columns(
        kind,
        np.array(numbers, np.int64),
        texts["event_id"],
        occurred_at,
        texts["correlation_id"],
        pc.utf8_slice_codeunits(texts["occurred_at"], 0, 10),
        pa.array(unknown, pa.string()),
        np.array(digests, np.int64) ^ (moments << 20),
        fields,
        lines,
    )


def _fields(
    contract: Contract, payloads: Sequence[Mapping[str, Any]], sound: _Sound
) -> tuple[dict[str, pa.Array], EventLines | None]:
    fields: dict[str, pa.Array] = {}
    lines = None
    for name, kind, is_required in contract.fields():
        values = [each[name] for each in payloads]
        if kind in _LINES:
            lines = _lines(values, _LINES[kind], sound)
        else:
            fields |= sound.field(name, kind, values, may_be_left_out=not is_required)
    return fields, lines


def _lines(values: Sequence[Any], kinds: Mapping[str, Kind], sound: _Sound) -> EventLines:
    sound.of_type(values, list)
    counts = np.fromiter(map(len, values), np.int64, len(values))
    sound.hold(pa.array(counts > 0))
    parents = np.repeat(np.arange(len(values)), counts)
    flat = [line for lines in values for line in lines]
    names, inner = tuple(kinds), _Sound(len(flat))
    fields: dict[str, pa.Array] = {}
    try:
        inner.hold_all([type(line) is dict and tuple(line) == names for line in flat])
        inner.check()
        for name, kind in kinds.items():
            fields |= inner.field(name, kind, [line[name] for line in flat])
        inner.check()
    except DoubtError:
        sound.mask[parents[~inner.mask]] = False
        raise DoubtError(sound.mask) from None
    first = np.cumsum(counts) - counts
    fields["line_number"] = pa.array(np.arange(len(flat)) - np.repeat(first, counts) + 1, pa.int32())
    return EventLines(parents, fields)


class _Sound:
    """Which of a number of events, or of lines, are in their one form so far."""

    def __init__(self, number: int) -> None:
        self.mask = np.ones(number, bool)

    def check(self) -> None:
        """Raises DoubtError unless all are."""
        if not self.mask.all():
            raise DoubtError(self.mask)

    def hold(self, condition: pa.Array) -> None:
        """Those for which it does not hold, or for which nobody knows, are not."""
        if pc.all(condition, skip_nulls=False).as_py() is not True:
            self.mask &= pc.fill_null(condition, fill_value=False).to_numpy(zero_copy_only=False)

    def hold_all(self, conditions: Sequence[bool]) -> None:
        """Those for which it does not hold are not."""
        if not all(conditions):
            self.mask &= np.array(conditions, bool)

    def of_type(self, values: Sequence[Any], *types: type) -> None:
        """Raises DoubtError unless all values are of one of the types, for Arrow would take others, too."""
        if not set(map(type, values)) <= set(types):
            self.mask &= np.fromiter((type(value) in types for value in values), bool, len(values))
            raise DoubtError(self.mask)

    def match(self, texts: pa.Array, pattern: str) -> None:
        """Those whose text is another are not; where there is no text, there is nothing to match."""
        self.hold(pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=True))

    def texts(self, values: Sequence[Any], *, may_be_left_out: bool = False) -> pa.Array:
        """A column of texts."""
        self.of_type(values, str, *([type(None)] if may_be_left_out else []))
        return pa.array(values, pa.string())

    def field(
        self, name: str, kind: Kind, values: Sequence[Any], *, may_be_left_out: bool = False
    ) -> dict[str, pa.Array]:
        """The column of a field, by its name; of money there are two."""
        nothing = [type(None)] if may_be_left_out else []
        match kind:
            case Kind.MONEY:
                return self._money(name, values, may_be_left_out=may_be_left_out)
            case Kind.INTEGER | Kind.QUANTITY | Kind.COUNT:
                self.of_type(values, int, *nothing)
                numbers = pa.array(values, pa.int32())
                if kind is not Kind.INTEGER:
                    self.hold(pc.greater_equal(numbers, 1 if kind is Kind.QUANTITY else 0))
                return {name: numbers}
            case Kind.FLAG:
                self.of_type(values, bool)
                return {name: pa.array(values, pa.bool_())}
            case Kind.TEXTS:
                self.of_type(values, list)
                self.hold_all([all(type(each) is str for each in listed) for listed in values])
                self.check()
                return {name: pa.array(values, pa.list_(pa.string()))}
        texts = self.texts(values, may_be_left_out=may_be_left_out)
        if kind is Kind.UUID:
            self.match(texts, _UUID)
        elif kind is Kind.NAME:
            self.hold(pc.not_equal(texts, ""))
        return {name: texts}

    def _money(self, name: str, values: Sequence[Any], *, may_be_left_out: bool) -> dict[str, pa.Array]:
        self.of_type(values, dict, *([type(None)] if may_be_left_out else []))
        self.hold_all([value is None or tuple(value) == MONEY for value in values])
        self.check()
        nothing = dict.fromkeys(MONEY)
        amounts, currencies = ([(value or nothing)[part] for value in values] for part in MONEY)
        self.hold_all([(amount is None) == (value is None) for amount, value in zip(amounts, values, strict=True)])
        amount, currency = (self.texts(each, may_be_left_out=may_be_left_out) for each in (amounts, currencies))
        self.match(amount, _AMOUNT)
        self.match(currency, _CURRENCY)
        self.check()
        return {name: amount.cast(AMOUNT), f"{name}.currency": currency}
