"""Events of a batch of lines: nearly all as they come, the others after a closer look.

A line is taken as it comes only if it has the one form of its event to the letter; whatever is unusual about it, down
to the order of its names, gets the closer look of `verdict`. So the two differ in nothing but speed, and no field,
known or unknown, is overlooked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa

from curation.columns import TEXTS_OF_ENVELOPE, Columns, DoubtError, columns_of
from curation.contracts import BUS, CONTRACTS, ENVELOPE
from curation.verdict import UNREADABLE, Limits, UnsoundError, look, refuse

MISFIT = "holds what fits into no column"

_INSIDE = (*TEXTS_OF_ENVELOPE, "payload")
_BUS = frozenset(BUS)
_PAYLOADS = {name: tuple(each for each, _, _ in contract.fields()) for name, contract in CONTRACTS.items()}
_scan = json.JSONDecoder(parse_constant=refuse).raw_decode


@dataclass
class Events:
    """Events of one type: numbers of their lines, envelopes in their one form, unknown fields by place if any."""

    numbers: list[int] = field(default_factory=list)
    envelopes: list[Mapping[str, Any]] = field(default_factory=list)
    unknown: list[str | None] = field(default_factory=list)

    def add(self, number: int, envelope: Mapping[str, Any], unknown: str | None) -> None:
        """One more."""
        self.numbers.append(number)
        self.envelopes.append(envelope)
        self.unknown.append(unknown)

    def where(self, chosen: np.ndarray) -> Events:
        """Those that the mask says."""
        return Events(
            list(compress(self.numbers, chosen)),
            list(compress(self.envelopes, chosen)),
            list(compress(self.unknown, chosen)),
        )


@dataclass(frozen=True)
class Broken:
    """A line that is no event: its number, why, and what it says it is."""

    number: int
    reason: str
    detail_type: str | None = None


def read(lines: Sequence[str | None], limits: Limits, first: int = 0) -> tuple[list[Columns], list[Broken]]:
    """What the lines hold, numbered from `first`: events by type, and what is broken. Each line is one or the other."""
    by_kind, doubtful = _glance(lines, first)
    found: list[Columns] = []
    for kind, events in by_kind.items():
        columns, others = _columns_of_sound(kind, events, limits)
        found += columns
        doubtful += others
    looked, broken = _look(lines, first, doubtful, limits)
    for kind, events in looked.items():
        columns, misfits = _columns_of_sound(kind, events, limits)
        found += columns
        broken += [Broken(number, MISFIT, kind) for number in misfits]
    return found, broken


def _glance(lines: Sequence[str | None], first: int) -> tuple[dict[str, Events], list[int]]:
    """Events that have the names of their one form, and the numbers of the lines that need a closer look."""
    found = {kind: Events() for kind in CONTRACTS}
    doubtful: list[int] = []
    scan, bus, archived, inside, payloads = _scan, _BUS, ENVELOPE, _INSIDE, _PAYLOADS
    for number, line in enumerate(lines, first):
        try:
            event, end = scan(text := line or "")
            envelope = event
            if tuple(event) == archived:
                kind = event["detail_type"]
            else:
                kind, envelope = event["detail-type"], event["detail"]
                if event.keys() != bus or tuple(envelope) != inside:
                    end = -1
            if end == len(text) and tuple(envelope["payload"]) == payloads[kind]:
                events = found[kind]
                events.numbers.append(number)
                events.envelopes.append(envelope)
            else:
                doubtful.append(number)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # whatever else a line may be
            doubtful.append(number)
    for events in found.values():
        events.unknown = [None] * len(events.numbers)
    return found, doubtful


def _look(
    lines: Sequence[str | None], first: int, numbers: Sequence[int], limits: Limits
) -> tuple[dict[str, Events], list[Broken]]:
    found: defaultdict[str, Events] = defaultdict(Events)
    broken: list[Broken] = []
    for number in numbers:
        line = lines[number - first]
        if line is None:
            broken.append(Broken(number, UNREADABLE))
            continue
        try:
            sound = look(line, limits)
            found[sound.kind].add(number, sound.envelope, sound.unknown_fields)
        except UnsoundError as unsound:
            broken.append(Broken(number, str(unsound), unsound.detail_type))
    return found, broken


def _columns_of_sound(kind: str, events: Events, limits: Limits) -> tuple[list[Columns], list[int]]:
    """Columns of those that are in their one form, and the numbers of the others' lines."""
    if not events.numbers:
        return [], []
    try:
        return [columns_of(kind, events.numbers, events.envelopes, events.unknown, limits)], []
    except DoubtError as doubt:
        found, others = _columns_of_sound(kind, events.where(doubt.sound), limits)
        return found, events.where(~doubt.sound).numbers + others
    except (pa.ArrowException, ValueError, TypeError, OverflowError):  # a day that no month has, half a character
        if len(events.numbers) == 1:
            return [], events.numbers
        is_early = np.arange(len(events.numbers)) < len(events.numbers) // 2
        parts = [_columns_of_sound(kind, events.where(part), limits) for part in (is_early, ~is_early)]
        return [each for found, _ in parts for each in found], [number for _, others in parts for number in others]
