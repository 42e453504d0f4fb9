"""The records of a run, each once, and what was counted on their way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import Column, DataFrame, Observation, Window
from pyspark.sql import functions as f

from curation.records import records
from curation.staging import Staging, bucket
from curation.tables import PARTITION


def read_once(lines: DataFrame, now: datetime, staging: Staging) -> tuple[DataFrame, Mapping[str, int]]:
    """Each record once, and what was counted. Where events contradict each other, which is rare, it reads again."""
    contradicting = None
    while True:
        staging.expect_small()
        read, repeated = Observation(), Observation()
        incoming = records(lines, now, contradicting).observe(read, *_reading())
        name = "records" if contradicting is None else "records-without-contradicting"
        distinct = staging.keep(_distinct(incoming, repeated, staging.buckets), name)
        if contradicting is not None or not _has_contradictions(distinct):
            return distinct, {**read.get, **repeated.get}
        contradicting = staging.keep(_contradicting(distinct), "contradicting")


def _reading() -> list[Column]:
    """What is counted while records are read."""
    ahead = f.col("occurred_at") > f.current_timestamp()
    number = {"read": f.lit(True), "misplaced": f.col("misplaced"), "ahead": ahead}
    return [f.count_if(condition).alias(name) for name, condition in number.items()]


def _distinct(records: DataFrame, repeated: Observation, buckets: int) -> DataFrame:
    """Each record once: one shuffle, after which a day (or its bucket) is in one place and can become one file."""
    order = Window.partitionBy("slot", "event_id", PARTITION, "bucket", "content").orderBy("occurred_at")
    numbered = (
        records.withColumns({"slot": _slot(), "bucket": bucket("event_id", buckets)})
        .repartition(PARTITION, "bucket")
        .withColumn("copy", f.row_number().over(order))
    )
    return (
        numbered.observe(repeated, f.count_if(f.col("copy") > 1).alias("copies"))
        .where("copy = 1")
        .drop("slot", "bucket", "copy")
    )


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
