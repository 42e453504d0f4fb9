"""What events of one type say, a column of Arrow for each thing, and whether they are in their one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.conditions import all_of, are_in_form, day_of
from curation.contents import digests
from curation.contracts import CONTRACTS, LINES, Kind
from curation.verdict import Limits

MOMENT = pa.timestamp("us", tz="UTC")
AMOUNT = pa.decimal128(12, 2)

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
    """The columns of parsed events, and the numbers of those that are not in their one form."""
    in_form = are_in_form(kind, events)
    others = events["number"].to_numpy()[~in_form].tolist()
    if others:
        events = events.filter(pa.array(in_form))
    fields, lines = _fields(kind, events["payload"])
    occurred_at = events["occurred_at"].cast(MOMENT)
    columns = Columns(
        kind,
        events["number"].to_numpy(),
        events["event_id"],
        occurred_at,
        events["correlation_id"],
        day_of(events["occurred_at"]),
        events["unknown_fields"],
        digests(kind, events, occurred_at),
        fields,
        lines,
    )
    first, last = (pa.scalar(moment, MOMENT) for moment in (limits.first, limits.last))
    is_timely = all_of(len(events), (pc.greater_equal(occurred_at, first), pc.less_equal(occurred_at, last)))
    if is_timely.all():
        return columns, others
    return columns.where(is_timely), others + columns.numbers[~is_timely].tolist()


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
