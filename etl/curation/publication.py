"""How the files of a run become the tables' files: whole, or not at all, whatever stops the run at whatever moment.

S3 renames nothing and changes one object at a time. So a run writes everything aside, then puts down in one object,
`curated/_pending.json`, all that is to be done: from that moment on the run has happened. What follows, copying each
file to its place, deleting what it replaces, registering partitions, reporting, can be repeated in part or
whole. The next run begins with that. A run that stopped before that moment has changed nothing.

A reader in the midst of it sees each file old or new. A day of one file, as nearly all are, is never seen in between;
a day that outgrows its files is seen with some rows twice, for the moment of the swap.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Protocol

from curation.lake import Lake

STAGING = "curated/_staging"
PENDING = "curated/_pending.json"
RUNS = "curated/_runs"


@dataclass(frozen=True)
class Day:
    """The files that are to be one day of one table: each `(staged, final)`, and what is to go afterwards."""

    table: str
    date: str
    copies: Sequence[tuple[str, str]]
    stale: Sequence[str]


class Catalog(Protocol):
    """Where readers learn which days a table has."""

    def register(self, table: str, days: Iterable[str]) -> None:
        """Make these days known; those that are known already stay."""


Report = Callable[[Mapping[str, Any]], None]


class Publication:
    """Swaps a run's files in and reports its record, at least once. `finish` completes what an earlier run left."""

    def __init__(self, lake: Lake, catalog: Catalog, report: Report) -> None:
        self._lake, self._catalog, self._report = lake, catalog, report

    def finish(self) -> Mapping[str, Any] | None:
        """Complete the run that was stopped in the midst of its swap, if one was; returns its record."""
        pending = self._lake.read(PENDING)
        record = self._carry_out(json.loads(pending)) if pending else None
        self._lake.delete([stored.key for stored in self._lake.list(f"{STAGING}/")])
        return record

    def publish(self, days: Sequence[Day], record: Mapping[str, Any]) -> None:
        """Make these days the tables' days, and keep the run's record."""
        plan = {"record": dict(record), "days": [asdict(day) for day in days]}
        self._lake.write(PENDING, json.dumps(plan).encode())
        self._carry_out(plan)
        self._lake.delete([stored.key for stored in self._lake.list(f"{STAGING}/")])

    def _carry_out(self, plan: Mapping[str, Any]) -> Mapping[str, Any]:
        days = [Day(**day) for day in plan["days"]]
        for day in days:
            for staged, final in day.copies:
                self._lake.copy(staged, final)
            self._lake.delete(day.stale)
        for table, of_table in groupby(days, key=lambda day: day.table):
            self._catalog.register(table, [day.date for day in of_table])
        record: Mapping[str, Any] = plan["record"]
        self._report(record)
        self._lake.write(f"{RUNS}/{record['run']}.json", json.dumps(record, indent=2).encode())
        self._lake.delete([PENDING])
        return record


def days_of(lake: Lake, table: str, folder: str, staged: Sequence[str]) -> list[Day]:
    """What is to be done so that the staged files, `…/date=<day>/<name>`, are the days of the table in `folder`."""
    days = []
    for date, of_date in groupby(sorted(staged), key=lambda key: key.rpartition("/")[0].rpartition("date=")[2]):
        keys = list(of_date)
        place = f"{folder}/date={date}/"
        final = [f"{place}part-{number:05}-of-{len(keys):05}.zstd.parquet" for number in range(len(keys))]
        stale = [stored.key for stored in lake.list(place) if stored.key not in set(final)]
        days.append(Day(table, date, list(zip(keys, final, strict=True)), stale))
    return days
