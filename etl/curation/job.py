"""A run of the job: what is new in the raw zone becomes rows of the tables, and every record is accounted for."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from uuid import uuid4

from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as f

from curation.accounting import Account, UnaccountedError
from curation.lake import Lake
from curation.publication import STAGING, Catalog, Day, Publication, days_of
from curation.records import records
from curation.sources import Source
from curation.tables import CURATED, PARTITION, Table, quarantine_table

FILE_BYTES = 512 * 2**20  # of JSON that become one file of a day; a fortieth of that in Parquet

# Spark's own way to make a write whole costs a rename of each file, and ours begins where it ends.
_COMMIT = {"mapreduce.fileoutputcommitter.algorithm.version": "2"}

_log = logging.getLogger("curation")
Report = Callable[[Account], None]


def configure(spark: SparkSession) -> None:
    """Set what the job's results depend on, and what makes it fast, whatever the session's defaults are."""
    for name, value in {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.mapKeyDedupPolicy": "LAST_WIN",  # a name twice in one object is no reason to fail a run
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.json.enablePartialResults": "true",  # a field of a wrong type is null, and its neighbours are read
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # what Athena and Redshift read
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",  # an old date fails no run, whatever let it in
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # the partition is a text
        "spark.sql.constraintPropagation.enabled": "false",  # it takes a minute over conditions as long as ours
        "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",  # and so does it, where such a row is joined
        "spark.sql.maxConcurrentOutputFileWriters": "100",  # instead of a sort by day before each write
        "spark.sql.optimizer.windowGroupLimitThreshold": "-1",  # it would sort everything once more
    }.items():
        spark.conf.set(name, value)


@dataclass(frozen=True)
class Curation:
    """The job over one lake. `now` is the clock that events are compared with; `report` gets each run's account."""

    spark: SparkSession
    lake: Lake
    catalog: Catalog
    report: Report
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self, source: Source) -> Account:
        """Bring what `source` has into the tables.

        Raises UnaccountedError, with nothing changed, when rows of raw ≠ rows of curated + duplicates + quarantined.
        """
        publication = Publication(self.lake, self.catalog, lambda record: self.report(Account.of_record(record)))
        if healed := publication.finish():
            _log.warning("completed run %s, which was stopped while it was published", healed["run"])
        began = self.now()
        account = Account(run=f"{began:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}", started=began.isoformat())
        lines = source.lines()
        if lines is None:
            return account
        try:
            days = self._stage(lines, source, account)
        except Exception:  # whatever Spark calls it; raised again unless its cause is found and left out
            if not source.leave_out_unreadable():
                raise
            return self.run(source)
        if account.unaccounted:
            self.report(account)
            raise UnaccountedError(account)
        account.finished = self.now().isoformat()
        publication.publish(days, account.record())
        source.done()
        return account

    def _stage(self, lines: DataFrame, source: Source, account: Account) -> list[Day]:
        """Write what the tables are to be, aside; count what was read and what was written."""
        configure(self.spark)
        buckets = max(1, math.ceil(source.largest_day() / FILE_BYTES))
        tables = [*CURATED.values(), quarantine_table(account.run)]
        distinct, numbers = self._read_once(lines, buckets)
        fresh, found = distinct, _rows_by_kind_and_day(distinct)
        counted, known = found, self._known(tables, found)
        if known is not None:
            fresh = distinct.join(known, ["event_id", PARTITION], "left_anti").localCheckpoint()
            counted = _rows_by_kind_and_day(fresh)
        days: list[Day] = []
        for table in tables:
            if touched := sorted({day for kind, day in counted if kind in table.events}):
                days += self._write(table, table.of(fresh), touched, account, buckets)
        account.read, account.misplaced, account.ahead = (numbers[name] for name in ("read", "misplaced", "ahead"))
        account.duplicates = numbers["copies"] + sum(found.values()) - sum(counted.values())
        return days

    def _read_once(self, lines: DataFrame, buckets: int) -> tuple[DataFrame, Mapping[str, int]]:
        """Each record once, and what was counted. Where events contradict each other, which is rare, it reads again."""
        now, contradicting = self.now(), None
        while True:
            read, repeated = Observation(), Observation()
            incoming = records(lines, now, contradicting).observe(read, *_reading())
            # A checkpoint, not a cache: rows as they are, without encoding, and plans that begin there.
            distinct = _distinct(incoming, repeated, buckets).localCheckpoint()
            if contradicting is not None or not _has_contradictions(distinct):
                return distinct, {**read.get, **repeated.get}
            contradicting = _contradicting(distinct).localCheckpoint()

    def _known(self, tables: Sequence[Table], found: Mapping[tuple[str, str], int]) -> DataFrame | None:
        """The identities that the tables hold already, of the days in question."""
        known = []
        for table in tables:
            if table.main_row is not None:
                days = sorted({day for kind, day in found if kind in table.events})
                keys = [key for day in days for key in self._files(table, day)]
                if keys:
                    known.append(self._read(table, keys).select(f.col(table.key).alias("event_id"), PARTITION))
        return reduce(DataFrame.unionByName, known) if known else None

    def _files(self, table: Table, day: str) -> list[str]:
        place = f"{table.folder}/{PARTITION}={day}/"
        return [stored.key for stored in self.lake.list(place) if stored.key.endswith(".parquet")]

    def _read(self, table: Table, keys: Sequence[str]) -> DataFrame:
        paths = list(self.lake.readable(keys))
        reader = self.spark.read.schema(table.schema()).option("basePath", self.lake.writable(table.folder))
        return reader.parquet(*paths)

    def _write(
        self, table: Table, rows: DataFrame, touched: Sequence[str], account: Account, buckets: int
    ) -> list[Day]:
        """Stage the touched days of the table whole: what they held before, and the new rows, counted on their way."""
        files = {day: self._files(table, day) for day in touched}
        written = Observation()
        is_event = table.main_row() if table.main_row else f.lit(False)
        rows = rows.observe(written, f.count(f.lit(1)).alias("rows"), f.count_if(is_event).alias("events"))
        if existing := [key for keys in files.values() for key in keys]:
            buckets = max(buckets, *(len(keys) for keys in files.values()))
            both = self._read(table, existing).unionByName(rows)
            rows = both.repartition(PARTITION, _bucket(table.key, buckets))
        staged = f"{STAGING}/{account.run}/{table.name}"
        rows.write.options(**_COMMIT).partitionBy(PARTITION).parquet(self.lake.writable(staged))
        account.add(table.name, rows=written.get["rows"], events=written.get["events"])
        return days_of(self.lake, table.catalog_name, table.folder, self.lake.written(staged))


def _reading() -> list[Column]:
    """What is counted while records are read."""
    ahead = f.col("occurred_at") > f.current_timestamp()
    number = {"read": f.lit(True), "misplaced": f.col("misplaced"), "ahead": ahead}
    return [f.count_if(condition).alias(name) for name, condition in number.items()]


def _bucket(key: str, buckets: int) -> Column:
    return f.pmod(f.xxhash64(key), f.lit(buckets)) if buckets > 1 else f.lit(0)


def _distinct(records: DataFrame, repeated: Observation, buckets: int) -> DataFrame:
    """Each record once: one shuffle, after which a day (or its bucket) is in one place and can become one file."""
    order = Window.partitionBy("slot", "event_id", PARTITION, "bucket", "content").orderBy("occurred_at")
    numbered = (
        records.withColumns({"slot": _slot(), "bucket": _bucket("event_id", buckets)})
        .repartition(PARTITION, "bucket")
        .withColumn("copy", f.row_number().over(order))
    )
    return numbered.observe(repeated, f.count_if(f.col("copy") > 1).alias("copies")).where("copy = 1")


def _has_contradictions(records: DataFrame) -> bool:
    """Whether one id has more than one content, on one day or on several. Digests are enough: it is a first look."""
    events = records.where(f.col("content").isNotNull()).groupBy(f.xxhash64("event_id").alias("id"))
    return not events.count().where("count > 1").isEmpty()


def _contradicting(records: DataFrame) -> DataFrame:
    """All but the first event of each id, as the shop itself takes the first and no other."""
    order = Window.partitionBy("event_id").orderBy("occurred_at", "content")
    numbered = records.where(f.col("content").isNotNull()).withColumn("number", f.row_number().over(order))
    return numbered.where("number > 1").select("event_id", "content")


def _slot() -> Column:
    """A number to sort by: the day, so that a file is written after the other, then the event. Numbers sort fast."""
    day = f.coalesce(f.unix_date(f.to_date("occurred_at")), f.lit(0)).cast("long")
    return f.shiftleft(day, 40) + f.shiftrightunsigned(f.xxhash64("event_id"), 24)


def _rows_by_kind_and_day(records: DataFrame) -> dict[tuple[str, str], int]:
    counted = records.groupBy("kind", PARTITION).count().collect()
    return {(kind, day): number for kind, day, number in counted}
