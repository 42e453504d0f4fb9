"""What a run writes aside, below `curated/_staging/<run>/`, and what it finds there afterwards.

Nothing that was computed is kept in memory or on a worker's disk: a worker may be lost at any moment, and with it all
it holds. And nothing is believed for having been told: what a worker says it wrote is looked for in the lake.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from curation.contracts import BEGAN
from curation.days import WRITTEN, Days
from curation.lake import Lake
from curation.packing import PACKED
from curation.publication import Day, days_of, emptied
from curation.rebuild import Rebuild
from curation.records import EVENTS, READ, Records
from curation.tables import PARTITION, Table
from curation.verdict import Limits

# Ids, mostly, which are random: compressing them costs more than it saves.
_ASIDE = {"compression": "uncompressed", "parquet.enable.dictionary": "false"}

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
        packed = self._packed(parts, now, "packed", ())
        written = self._written(packed, self._held(packed))
        if contradicting := [key for row in written if row.table == EVENTS for key in row["keys"]]:
            packed = self._packed(parts, now, "packed-again", contradicting)
            written = self._written(packed, self._held(packed))
        return self._staged(packed, [row for row in written if row.table != EVENTS])

    def _packed(self, parts: Parts, now: datetime, name: str, contradicting: Sequence[str]) -> DataFrame:
        """What the objects hold, packed by table and day, written and read back."""
        records = Records(
            self.tables,
            Limits(now, BEGAN),
            self.run,
            self.lake.files(),
            parts,
            self.buckets,
            self.buckets_of_events,
            tuple(contradicting),
        )
        place = self.lake.writable(f"{self.place}/{name}")
        numbers = self.spark.range(0, len(parts), 1, len(parts))
        numbers.mapInArrow(records, PACKED).write.options(**_ASIDE).parquet(place)
        return self.spark.read.schema(PACKED).parquet(place)

    def _held(self, packed: DataFrame) -> dict[tuple[str, str], list[str]]:
        """The files of the days that are added to, by table and day."""
        held = {}
        touched = packed.where(~f.col("table").isin(READ, EVENTS)).select("table", "date").distinct()
        for table, date in _told(touched):
            place = f"{self.tables[table].folder}/{PARTITION}={date}/"
            keys = [stored.key for stored in self.lake.list(place) if stored.key.endswith(".parquet")]
            if keys and not self.rebuild.replaces(table, date):
                held[table, date] = keys
        self.lake.readable([key for keys in held.values() for key in keys])
        return held

    def _written(self, packed: DataFrame, held: Mapping[tuple[str, str], Sequence[str]]) -> list[Row]:
        """What the workers say that they wrote, after it was found there."""
        day = f.concat_ws("/", "table", "date")
        whole = day.isin([f"{table}/{date}" for table, date in held])  # in one piece, to be added to what is there
        days = Days(self.tables, self.lake.files(), self.place, held, self.buckets)
        by_day = (
            packed.where(f.col("table") != READ)
            .withColumn("bucket", f.when(whole, 0).otherwise(f.col("bucket")))
            .repartition("table", "date", "bucket")
            .sortWithinPartitions("table", "date", "bucket")
        )
        written = _told(by_day.mapInArrow(days, WRITTEN))
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

    def _staged(self, packed: DataFrame, written: Sequence[Row]) -> Staged:
        counts = (f.coalesce(f.sum(name), f.lit(0)) for name in ("number", "misplaced", "ahead"))
        ((read, misplaced, ahead),) = _told(packed.where(f.col("table") == READ).select(*counts))
        added: defaultdict[str, Added] = defaultdict(Added)
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for row in written:
            added[row.table].count(row)
            keys[row.table] += row["keys"]
        days = [day for name, of_table in keys.items() for day in self._days(self.tables[name], of_table)]
        touched = {(row.table, row.date) for row in written}
        return Staged(read, misplaced, ahead, added, [*days, *self._emptied(touched)])

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
    """Names and counts, of which there are some for each day and file; nothing else comes to the driver."""
    return about.collect()
