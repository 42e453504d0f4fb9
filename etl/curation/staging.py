"""What a run writes aside, below `curated/_staging/<run>/`, and what it finds there afterwards.

Nothing that was computed is kept in memory or on a worker's disk: a worker may be lost at any moment, and with it all
it holds. And nothing is believed for having been asked for: rows are counted in the files that were written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from curation.lake import Lake
from curation.publication import STAGING, Day, days_of, emptied
from curation.rebuild import Rebuild
from curation.tables import PARTITION, Table

# Spark's own way to make a write whole costs a rename of each file, and ours begins where it ends.
_COMMIT = {"mapreduce.fileoutputcommitter.algorithm.version": "2"}
# Read by few columns at a time and once or twice: quick to write rather than small.
_ASIDE = {"compression": "snappy", "parquet.enable.dictionary": "false"}
_FILE_AT_MOST = 2**30  # of what is kept; a larger one would be cut, and a day get a file more
_AT_ONCE = 3  # tables: no core waits while one of them is planned or committed


class MiswrittenError(RuntimeError):
    """The staged files of a table hold other rows than they should; nothing was published."""


@dataclass(frozen=True)
class Counted:
    """Rows, and the events that they stand for."""

    rows: int = 0
    events: int = 0


@dataclass(frozen=True)
class Added:
    """What staged files have more than their days held, and how many of the run's events these held already."""

    rows: int
    events: int
    known: int


@dataclass(frozen=True)
class Change:
    """What days of a table are to be: `rows`, which are what was `held` before and what is `new` of the `given`."""

    table: Table
    given: DataFrame
    held: DataFrame | None
    new: DataFrame
    rows: DataFrame


@dataclass(frozen=True)
class StagedTable:
    """A change, and what was `written` of it."""

    change: Change
    days: Sequence[Day]
    written: DataFrame

    def parts(self) -> Iterator[tuple[str, DataFrame]]:
        """What there is of new, written, held and given rows, by name."""
        yield from (("new", self.change.new), ("written", self.written))
        if self.change.held is not None:
            yield from (("held", self.change.held), ("given", self.change.given))


@dataclass(frozen=True)
class Staging:
    """The place of one run. Each day of a table gets as many files as `buckets` says, or as it has already."""

    spark: SparkSession
    lake: Lake
    run: str
    rebuild: Rebuild
    buckets: int

    def keep(self, rows: DataFrame, name: str) -> DataFrame:
        """The rows, written and read back, in as many parts as they were and each in its order."""
        place = self._place(name)
        rows.write.options(**_COMMIT, **_ASIDE).parquet(place)
        self._tasks_of(bytes_at_most=_FILE_AT_MOST, bytes_to_open=_FILE_AT_MOST)  # both so large: one file a task
        return self.spark.read.schema(rows.schema).parquet(place)

    def expect_small(self) -> None:
        """What is read next is many small objects: several of them to a task, and a large one to several tasks."""
        self._tasks_of(bytes_at_most=128 * 2**20, bytes_to_open=4 * 2**20)

    def write(self, records: DataFrame, touched: Sequence[tuple[Table, Sequence[str]]]) -> list[StagedTable]:
        """The touched days of each table whole: what they held before, and the records that they lack."""
        changes = [self._change(table, records, days) for table, days in touched]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._write, changes))

    def _change(self, table: Table, records: DataFrame, touched: Sequence[str]) -> Change:
        files = {day: self._files(table, day) for day in touched if not self.rebuild.replaces(table.name, day)}
        given, held, buckets = table.of(records), None, self.buckets
        rows = new = given
        if existing := [key for keys in files.values() for key in keys]:
            held = self._read(table, existing)
            new = given.join(held.select(table.key, PARTITION), [table.key, PARTITION], "left_anti")
            buckets = max(buckets, *(len(keys) for keys in files.values()))
            rows = held.unionByName(new).repartition(PARTITION, bucket(table.key, buckets))
        return Change(table, given, held, new, rows)

    def _write(self, change: Change) -> StagedTable:
        table, place = change.table, self._place(change.table.name)
        change.rows.write.options(**_COMMIT).partitionBy(PARTITION).parquet(place)
        keys = self.lake.written(f"{STAGING}/{self.run}/{table.name}")
        days = days_of(self.lake, table.catalog_name, table.folder, keys)
        return StagedTable(change, days, self.spark.read.schema(table.schema()).parquet(place))

    def emptied(self, table: Table, touched: Iterable[str]) -> list[Day]:
        """The days that are made anew and of which nothing is left."""
        gone = {day for day in self.rebuild.days if self.rebuild.replaces(table.name, day)} - set(touched)
        return [emptied(self.lake, table.catalog_name, table.folder, day) for day in sorted(gone)]

    def _tasks_of(self, *, bytes_at_most: int, bytes_to_open: int) -> None:
        self.spark.conf.set("spark.sql.files.maxPartitionBytes", str(bytes_at_most))
        self.spark.conf.set("spark.sql.files.openCostInBytes", str(bytes_to_open))

    def _place(self, name: str) -> str:
        return self.lake.writable(f"{STAGING}/{self.run}/{name}")

    def _files(self, table: Table, day: str) -> list[str]:
        place = f"{table.folder}/{PARTITION}={day}/"
        return [stored.key for stored in self.lake.list(place) if stored.key.endswith(".parquet")]

    def _read(self, table: Table, keys: Sequence[str]) -> DataFrame:
        paths = list(self.lake.readable(keys))
        reader = self.spark.read.schema(table.schema()).option("basePath", self.lake.writable(table.folder))
        return reader.parquet(*paths)


def bucket(key: str, buckets: int) -> Column:
    """The number of the file, among those of its day, that a row belongs in."""
    return f.pmod(f.xxhash64(key), f.lit(buckets)) if buckets > 1 else f.lit(0)


def added(staged: Sequence[StagedTable]) -> Mapping[str, Added]:
    """By table, what the staged files have more than their days held, counted in the files.

    Raises MiswrittenError unless that is just what was new.
    """
    counted, found = _count(staged), {}
    for each in staged:
        name = each.change.table.name
        new, written = counted[name, "new"], counted[name, "written"]
        held, given = counted[name, "held"], counted[name, "given"] if each.change.held is not None else new
        rows, events = written.rows - held.rows, written.events - held.events
        if (rows, events) != (new.rows, new.events):
            raise MiswrittenError(
                f"table {name} held {held}, {new} are new, but the staged files have {written}; nothing was published, "
                "so start the job again, and look into its log if it fails again"
            )
        found[name] = Added(rows, events, given.events - new.events)
    return found


def _count(staged: Sequence[StagedTable]) -> defaultdict[tuple[str, str], Counted]:
    """Rows and events of all parts of all tables, in one go."""
    frames = []
    for each in staged:
        table = each.change.table
        is_event = table.main_row() if table.main_row else f.lit(False)
        for what, frame in each.parts():
            names = (f.lit(table.name).alias("table"), f.lit(what).alias("what"))
            frames.append(frame.select(*names, is_event.alias("is_event")))
    counted: defaultdict[tuple[str, str], Counted] = defaultdict(Counted)
    if frames:
        together = reduce(DataFrame.unionByName, frames).groupBy("table", "what", "is_event")
        for table, what, is_event, rows in together.count().collect():
            before = counted[table, what]
            counted[table, what] = Counted(before.rows + rows, before.events + (rows if is_event else 0))
    return counted
