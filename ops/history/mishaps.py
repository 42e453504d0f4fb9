"""What happens to events on their way into the lake: some come twice, some late, some broken.

Those of the catalog are spared: without the delivery that was lost, more would seem sold than was ever there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np

LATE_AT_MOST = 5  # days

_BREAKS: Mapping[str, Callable[[str], str]] = {
    "cut off": lambda line: f"{line[: len(line) * 2 // 3]}\n",
    "without a payload": lambda line: line.replace('"payload": {', '"payload": null, "meant": {', 1),
    "of a version to come": lambda line: line.replace('"version": "1.', '"version": "9.', 1),
    "at a time without a zone": lambda line: line.replace('Z", "version"', '", "version"', 1),
    "with an id that is none": lambda line: line.replace('"event_id": "', '"event_id": "no-', 1),
}


@dataclass(frozen=True)
class Mishaps:
    """Which part of all events comes twice, which comes days late, and which comes broken, each from 0 up to a half."""

    duplicates: float = 0.0
    late: float = 0.0
    broken: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0 <= (share := getattr(self, field.name)) <= 0.5:
                raise ValueError(f"{field.name} is {share}: a share of all events is from 0 to 0.5")

    def __bool__(self) -> bool:
        return bool(self.duplicates or self.late or self.broken)


NONE = Mishaps()
USUAL = Mishaps(duplicates=0.02, late=0.01, broken=0.0005)


class Way:
    """The way of one day's events into the lake. Its chance is its own: the story is the same with or without it."""

    def __init__(self, mishaps: Mishaps, chance: np.random.Generator) -> None:
        self._mishaps, self._chance = mishaps, chance

    def arrivals(self, line: str, day: date) -> Iterator[tuple[date, str]]:
        """On which days something of the event of `day` arrives, and what."""
        broken, late, again = self._chance.random(3)
        if broken < self._mishaps.broken:
            breaks = list(_BREAKS.values())
            yield day, breaks[int(self._chance.integers(len(breaks)))](line)
            return
        yield self._later(day) if late < self._mishaps.late else day, line
        if again < self._mishaps.duplicates:
            yield self._later(day) if self._chance.random() < 0.5 else day, line

    def _later(self, day: date) -> date:
        return day + timedelta(days=int(self._chance.integers(1, LATE_AT_MOST, endpoint=True)))
