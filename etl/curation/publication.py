"""How the files of a run become the tables' files: whole, or not at all, whatever stops the run at whatever moment.

S3 renames nothing and changes one object at a time. So a run writes everything aside, then puts down in one object, its
lease, all that is to be done: from that moment on the run has happened. What follows, copying each file to its place,
deleting what it replaces, registering partitions, reporting, can be repeated in part or whole. The next run begins with
that. A run that stopped before that moment has changed nothing.

A reader in the midst of it sees each file old or new. A day of one file, as nearly all are, is never seen in between;
a day that outgrows its files is seen with some rows twice, for the moment of the swap.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Protocol

from curation.files import MissingObjectError
from curation.lake import Lake
from curation.lease import Lease

STAGING = "curated/_staging"
RUNS = "curated/_runs"

_log = logging.getLogger("curation")


class CatalogError(RuntimeError):
    """The catalog would not take partitions of a table."""


class StuckError(RuntimeError):
    """A run was decided and cannot be completed; `days` tells what it was to change."""

    def __init__(self, run: str, missing: MissingObjectError, days: frozenset[str]) -> None:
        self.days = days
        super().__init__(
            f"run {run} was stopped while it was published, and what it staged is gone: {missing}; make its days anew "
            f"from raw, which starts over: --rebuild {','.join(sorted(days))}"
        )


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
        """Make these days known, in the table's columns of today. Raises CatalogError if it cannot."""


Report = Callable[[Mapping[str, Any]], None]


class Publication:
    """Swaps a run's files in and reports its record, at least once. `finish` completes what an earlier run left.

    Days that the catalog refuses hold up neither this run nor the next: they are tried again each time, and
    `check_catalog` says so at the end.
    """

    def __init__(self, lake: Lake, catalog: Catalog, report: Report, lease: Lease) -> None:
        self._lake, self._catalog, self._report, self._lease = lake, catalog, report, lease
        self._refused: dict[str, str] = {}

    def finish(self) -> Mapping[str, Any] | None:
        """Complete the run that was stopped in the midst of its swap, if one was; returns its record.

        What else is staged belongs to runs that are dead, for this one holds the lake. Raises StuckError.
        """
        plan = self._lease.plan
        record = self._carry_out(plan) if plan else None
        self._clear()
        return record

    def abandon(self) -> None:
        """Forget what was decided, to make its days anew."""
        self._lease.decide(None)
        self._clear()

    def publish(self, days: Sequence[Day], record: Mapping[str, Any]) -> None:
        """Make these days the tables' days, and keep the run's record."""
        plan = {"record": dict(record), "days": [asdict(day) for day in days], "unregistered": self._unregistered()}
        self._lease.decide(plan)
        self._carry_out(plan)
        self._clear()

    def check_catalog(self) -> None:
        """Raises CatalogError with the catalog's words if it has refused days; they stay noted."""
        if self._refused:
            raise CatalogError(
                f"the files are in place, but the catalog lacks their days, {self._unregistered()}: {self._refused}; "
                "mend the table, and the next run registers them"
            )

    def _unregistered(self) -> dict[str, list[str]]:
        return dict((self._lease.plan or {}).get("unregistered", {}))

    def _clear(self) -> None:
        self._lake.delete([stored.key for stored in self._lake.list(f"{STAGING}/")])

    def _carry_out(self, plan: Mapping[str, Any]) -> Mapping[str, Any] | None:
        days = [Day(**day) for day in plan["days"]]
        record: Mapping[str, Any] | None = plan["record"]
        for day in days:
            self._lease.check()
            try:
                for staged, final in day.copies:
                    self._lake.copy(staged, final)
            except MissingObjectError as missing:
                run = record["run"] if record else "?"
                raise StuckError(run, missing, frozenset(each.date for each in days)) from missing
            self._lake.delete(day.stale)
        unregistered = self._register(days, plan["unregistered"])
        if record is not None:
            self._report(record)
            self._lake.write(f"{RUNS}/{record['run']}.json", json.dumps(record, indent=2).encode())
        left: dict[str, Any] = {"record": None, "days": [], "unregistered": unregistered}
        self._lease.decide(left if unregistered else None)
        return record

    def _register(self, days: Iterable[Day], before: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Register the days, and those refused before; returns what is refused now."""
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for table, dates in before.items():
            wanted[table].update(dates)
        for each in days:
            wanted[each.table].add(each.date)
        self._refused = {}
        for table, of_table in sorted(wanted.items()):
            try:
                self._catalog.register(table, sorted(of_table))
            except CatalogError as refusal:  # told at the run's end: the data itself is whole and readers wait for it
                _log.error("%s", refusal)
                self._refused[table] = str(refusal)
        return {table: sorted(wanted[table]) for table in self._refused}


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


def emptied(lake: Lake, table: str, folder: str, date: str) -> Day:
    """What is to be done so that the table has nothing of this day."""
    return Day(table, date, [], [stored.key for stored in lake.list(f"{folder}/date={date}/")])
