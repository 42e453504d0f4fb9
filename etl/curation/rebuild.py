"""What a run makes anew from the raw zone alone, whatever the tables hold: days that are wrong, or the quarantine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from curation.lake import Lake
from curation.tables import PARTITION, QUARANTINE

UNDATED = "undated"
_EARLIER = timedelta(days=1)  # an event may lie in the folder of the day before its own: clocks are believed so far


@dataclass(frozen=True)
class Rebuild:
    """These days, of all tables or of the quarantine only. What a day of them holds is replaced, not added to."""

    days: frozenset[str] = frozenset()
    only_quarantine: bool = False

    @classmethod
    def of(cls, wanted: str, lake: Lake) -> Rebuild:
        """What the option says: days separated by commas, or `quarantine`. Raises ValueError for anything else."""
        days = days_of(wanted)
        if days is None:
            folders = lake.folder(f"{QUARANTINE}/")[1]
            return cls(frozenset(name.rstrip("/").rpartition(f"{PARTITION}=")[2] for name in folders), True)
        return cls(days)

    def and_days(self, days: Iterable[str]) -> Rebuild:
        """These days, too, of all tables."""
        return Rebuild(self.days | frozenset(days)) if days else self

    def replaces(self, table: str, day: str) -> bool:
        """Whether what the table's day holds is not asked."""
        return day in self.days and (table == QUARANTINE or not self.only_quarantine)

    def reads_again(self, folder: str) -> bool:
        """Whether a folder of the raw zone may hold what is replaced.

        A record that is broken belongs to the day of its folder. An event lies in folders of its day and of all later
        ones, for it may have been delivered late, and of the day before.
        """
        found = re.search(rf"/{PARTITION}=(\d{{4}}-\d\d-\d\d)/", folder)
        if not self.days or found is None:
            return bool(self.days)
        if self.only_quarantine:
            return found[1] in self.days
        dated = [date.fromisoformat(day) for day in self.days - {UNDATED}]
        return bool(dated) and found[1] >= (min(dated) - _EARLIER).isoformat()


NOTHING = Rebuild()


def days_of(wanted: str) -> frozenset[str] | None:
    """The days that the option names, None for the quarantine. Raises ValueError for anything else."""
    if wanted == QUARANTINE:
        return None
    days = frozenset(day.strip() for day in wanted.split(","))
    if wrong := sorted(day for day in days - {UNDATED} if not _is_day(day)):
        raise ValueError(f"--rebuild takes days such as 2026-11-20, separated by commas, or {QUARANTINE}: {wrong}")
    return days


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
