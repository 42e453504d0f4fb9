"""Events of a batch of lines: nearly all as they come, the others after a closer look.

Arrow takes lines of one type and wrapping together, and refuses them together if one has a name that it does not know
or a value of another kind; then they are taken in halves, and a part of a few lines that is still refused gets the
closer look of `verdict`, sound neighbours included. So the two differ in nothing but speed, and no field, known or
unknown, is overlooked. What was looked at closely is written down in the one form of its event, and taken as if it had
come so.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curation.columns import Columns, columns_of
from curation.contracts import CONTRACTS
from curation.lines import readable
from curation.parsing import Wrapping, parsed
from curation.verdict import UNREADABLE, Limits, UnsoundError, look

MISFIT = "holds what fits into no column"

_TYPE = re.compile(rb'"detail([-_])type": ?"(\w+)"')
_GROUPS = {
    (mark, kind.encode()): (kind, wrapping)
    for kind in CONTRACTS
    for mark, wrapping in ((b"_", Wrapping.ARCHIVED), (b"-", Wrapping.CARRIED))
}
_AT_ONCE = 2_000  # lines: no more than a processor's cache holds when they are parsed
_FEW = 64  # lines: a closer look at all of them takes about as long as to find out which are refused


@dataclass(frozen=True)
class Events:
    """Lines of what claims to be one type of event, so wrapped: their numbers, and of each the unknown fields, if any.

    Only of lines that were looked at closely is it known which fields are unknown.
    """

    kind: str
    wrapping: Wrapping
    numbers: list[int]
    lines: list[bytes]
    unknown: list[str | None]

    def parts(self, size: int) -> Iterator[Events]:
        """So many at a time."""
        for begin in range(0, len(self.lines), size):
            part = slice(begin, begin + size)
            yield Events(self.kind, self.wrapping, self.numbers[part], self.lines[part], self.unknown[part])


@dataclass(frozen=True)
class Broken:
    """A line that is no event: its number, why, and what it says it is."""

    number: int
    reason: str
    detail_type: str | None = None


def read(lines: Sequence[bytes | None], limits: Limits) -> tuple[list[Columns], list[Broken]]:
    """What the lines hold: events by type, and what is broken. Each line is one or the other."""
    events, doubtful = _glance(lines)
    found, others = _columns(events, limits, few=_FEW)
    looked, broken = _look(lines, [*doubtful, *others], limits)
    columns, misfits = _columns(looked, limits, few=1)
    kinds = {number: events.kind for events in looked for number in events.numbers}
    return [*found, *columns], [*broken, *(Broken(number, MISFIT, kinds[number]) for number in misfits)]


def _glance(lines: Sequence[bytes | None]) -> tuple[list[Events], list[int]]:
    """Lines by type and wrapping, as it seems, and the numbers of those that need a closer look."""
    found: Mapping[Any, tuple[list[int], list[bytes]]] = {name: ([], []) for name in _GROUPS}
    doubtful: list[int] = []
    nowhere: tuple[list[int], list[bytes]] = doubtful, []  # for types that no contract knows
    search = _TYPE.search
    for number, line in enumerate(lines):
        # No object that begins in a line such as these ends in another, and a second one in a line is counted.
        if line and line.startswith(b"{") and line.endswith(b"}") and (name := search(line)):
            numbers, of_name = found.get(name.groups(), nowhere)
            numbers.append(number)
            of_name.append(line)
        else:
            doubtful.append(number)
    events = [
        Events(*_GROUPS[name], numbers, of_name, [None] * len(numbers))
        for name, (numbers, of_name) in found.items()
        if numbers
    ]
    return events, doubtful


def _look(lines: Sequence[bytes | None], numbers: Iterable[int], limits: Limits) -> tuple[list[Events], list[Broken]]:
    """Events in their one form, and what is broken, and why."""
    found: dict[str, Events] = {}
    broken: list[Broken] = []
    for number in numbers:
        line = lines[number]
        if line is None:
            broken.append(Broken(number, UNREADABLE))
            continue
        try:
            sound = look(readable(line), limits)
        except UnsoundError as unsound:
            broken.append(Broken(number, str(unsound), unsound.detail_type))
            continue
        events = found.setdefault(sound.kind, Events(sound.kind, Wrapping.ARCHIVED, [], [], []))
        events.numbers.append(number)
        events.lines.append(json.dumps({"detail_type": sound.kind, **sound.envelope}).encode())
        events.unknown.append(sound.unknown_fields)
    return list(found.values()), broken


def _columns(groups: Iterable[Events], limits: Limits, *, few: int) -> tuple[list[Columns], list[int]]:
    """Columns of those that are in their one form, and the numbers of the others; so `few` may be refused together."""
    parsed_of: defaultdict[str, list[pa.RecordBatch]] = defaultdict(list)
    refused: list[int] = []
    for group in groups:
        for events in group.parts(_AT_ONCE):
            batches, numbers = _parsed(events, few)
            parsed_of[group.kind] += batches
            refused += numbers
    found: list[Columns] = []
    for kind, batches in parsed_of.items():
        if batches:
            columns, others = columns_of(kind, _together(batches), limits)
            found += [columns] if len(columns) else []
            refused += others
    return found, refused


def _parsed(events: Events, few: int) -> tuple[list[pa.RecordBatch], list[int]]:
    """What can be parsed, and the numbers of what is refused."""
    try:
        return [parsed(events.kind, events.wrapping, events.lines, numbers=events.numbers, unknown=events.unknown)], []
    except pa.ArrowInvalid:
        if len(events.lines) <= few:
            return [], events.numbers
    halves = [_parsed(half, few) for half in events.parts(-(-len(events.lines) // 2))]
    return [batch for batches, _ in halves for batch in batches], [each for _, numbers in halves for each in numbers]


def _together(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    (batch,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return batch
