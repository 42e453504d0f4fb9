"""What a run writes aside, below `curated/_staging/<run>/`, and what it finds there afterwards.

Nothing that was computed is kept in memory or on a worker's disk: a worker may be lost at any moment, and with it all
it holds. And nothing is believed for having been told: what a worker says it wrote is looked for in the lake.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql import DataFrame, Row, SparkSession

from curation.contracts import BEGAN
from curation.days import WRITTEN, Days
from curation.lake import Lake
from curation.packing import PACKED, Packed, Place
from curation.parts import evenly
from curation.publication import Day, days_of, emptied
from curation.rebuild import Rebuild
from curation.records import EVENTS, READ, Records
from curation.tables import PARTITION, Table
from curation.verdict import Limits

PARTS_FOR_EACH = 5  # core, so that none waits long for another at the end

Parts = Sequence[Sequence[tuple[str, int]]]
"""Objects, key and size, in parts of about the same work."""


class MiswrittenError(RuntimeError):
    """What the workers wrote is not all there; nothing was published."""


@dataclass
class Added:
    """What a table has more than before, and how many of the run's events it held already, or got twice."""

    rows: int = 0
    events: int = 0
    known: int = 0
    copies: int = 0

    def count(self, row: Row) -> None:
        """Count what a worker tells of a day."""
        self.rows += row.rows
        self.events += row.events
        self.known += row.known
        self.copies += row.copies


@dataclass(frozen=True)
class Staged:
    """What a run found, and what is to become of it."""

    read: int = 0
    misplaced: int = 0
    ahead: int = 0
    added: Mapping[str, Added] = field(default_factory=dict)
    days: Sequence[Day] = ()


@dataclass(frozen=True)
class Staging:
    """What a run writes at its `place`.

    A day that is added to keeps as many files as it has, unless `buckets` are more; a new one gets these.
    """

    spark: SparkSession
    lake: Lake
    tables: Mapping[str, Table]
    run: str
    place: str
    rebuild: Rebuild
    buckets: int
    buckets_of_events: int

    def stage(self, parts: Parts, now: datetime) -> Staged:
        """Write the days that objects touch, whole, and empty the others that are made anew.

        Where events contradict each other, which is rare, it reads again. Raises MiswrittenError.
        """
        if not parts:
            return Staged(days=self._emptied(()))
        packed = self._packed(parts, now, ())
        written = self._written(packed)
        if contradicting := [key for row in written if row.table == EVENTS for key in row["keys"]]:
            packed = self._packed(parts, now, contradicting)
            written = self._written(packed)
        return self._staged(packed, [row for row in written if row.table != EVENTS])

    def _packed(self, parts: Parts, now: datetime, contradicting: Sequence[str]) -> list[Packed]:
        """Where the rows lie that the objects hold."""
        records = Records(
            self.tables,
            Limits(now, BEGAN),
            self.run,
            self.lake.files(),
            parts,
            f"{self.place}/packed",
            self.buckets,
            self.buckets_of_events,
            tuple(contradicting),
        )
        return [Packed(*row) for row in _told(self._parts(len(parts)).mapInArrow(records, PACKED))]

    def _held(self, packed: Iterable[Packed]) -> dict[tuple[str, str], list[str]]:
        """The files of the days that are added to, by table and day."""
        held = {}
        for table, date in sorted({(each.table, each.date) for each in packed if each.table in self.tables}):
            place = f"{self.tables[table].folder}/{PARTITION}={date}/"
            keys = [stored.key for stored in self.lake.list(place) if stored.key.endswith(".parquet")]
            if keys and not self.rebuild.replaces(table, date):
                held[table, date] = keys
        self.lake.readable([key for keys in held.values() for key in keys])
        return held

    def _written(self, packed: Sequence[Packed]) -> list[Row]:
        """What the workers say that they wrote, after it was found there."""
        held = self._held(packed)
        places: defaultdict[tuple[str, str, int], list[Place]] = defaultdict(list)
        for each in packed:
            if each.table != READ:
                whole = (each.table, each.date) in held  # in one piece, to be added to what is there
                places[each.table, each.date, 0 if whole else each.bucket].append(each.place)
        parts = evenly(
            [
                ((table, date, of_day), sum(place.size for place in of_day))
                for (table, date, _), of_day in places.items()
            ],
            PARTS_FOR_EACH * self.spark.sparkContext.defaultParallelism,
        )
        days = Days(self.tables, self.lake.files(), self.place, held, self.buckets, parts)
        written = _told(self._parts(len(parts)).mapInArrow(days, WRITTEN))
        for table in {row.table for row in written if row["keys"]}:
            self.lake.written(f"{self.place}/{table}")
        found = {stored.key: stored.size for stored in self.lake.list(f"{self.place}/")}
        for row in written:
            for key, size in zip(row["keys"], row.sizes, strict=True):
                if found.get(key) != size:
                    raise MiswrittenError(
                        f"{key} was written with {size} bytes for table {row.table}, and "
                        f"{'is gone' if key not in found else f'has {found[key]}'}; nothing was published, "
                        "so start the job again, and look into its log if it fails again"
                    )
        return written

    def _parts(self, number: int) -> DataFrame:
        """A row, and a task, for each part of the work."""
        return self.spark.range(0, number, 1, number)

    def _staged(self, packed: Iterable[Packed], written: Sequence[Row]) -> Staged:
        read = [each for each in packed if each.table == READ]
        added: defaultdict[str, Added] = defaultdict(Added)
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for row in written:
            added[row.table].count(row)
            keys[row.table] += row["keys"]
        days = [day for name, of_table in keys.items() for day in self._days(self.tables[name], of_table)]
        touched = {(row.table, row.date) for row in written}
        return Staged(
            read=sum(each.number for each in read),
            misplaced=sum(each.misplaced for each in read),
            ahead=sum(each.ahead for each in read),
            added=added,
            days=[*days, *self._emptied(touched)],
        )

    def _days(self, table: Table, keys: Sequence[str]) -> list[Day]:
        return days_of(self.lake, table.catalog_name, table.folder, keys)

    def _emptied(self, touched: Container[tuple[str, str]]) -> list[Day]:
        """The days that are made anew and of which nothing is left."""
        return [
            emptied(self.lake, table.catalog_name, table.folder, day)
            for table in self.tables.values()
            for day in sorted(self.rebuild.days)
            if self.rebuild.replaces(table.name, day) and (table.name, day) not in touched
        ]


def _told(about: DataFrame) -> list[Row]:
    """Names and counts, of which there are some for each day and package; nothing else comes to the driver."""
    return about.collect()
