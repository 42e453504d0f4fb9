"""Lines of the raw zone as records: each parsed once, checked against its contract, and known by its identity."""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from curation.checks import problem
from curation.columns import by_type
from curation.parsing import parsed
from curation.unknown import unknown_fields

BROKEN = "broken"
CONTRADICTS = "event_id is that of another event"
RECORD_KEPT = 65536  # characters of a broken record; the raw object has the rest


def records(lines: DataFrame, now: datetime, contradicting: DataFrame | None = None) -> DataFrame:
    """One row for each row of `lines` (`line`, `object`), sound or not: the reason why not is in `problem`.

    `kind` is the event's type, or BROKEN. `event_id` identifies the record: the event's own, or a digest of what is
    broken. `content` tells events of one id apart; those in `contradicting` (`event_id`, `content`) are broken. `date`
    is the day: of the event, or for a broken one of the raw object's name, so that reading it again finds the same day.
    """
    checked = parsed(lines).withColumn("problem", problem(now))
    checked = checked.withColumn("content", f.when(f.col("problem").isNull(), _content()))
    if contradicting is not None:
        checked = _without(checked, contradicting)
    sound = f.col("problem").isNull()
    broken = ~sound
    payload = f.col("event.payload")
    return checked.select(
        f.when(sound, f.lower("event.event_id"))
        .otherwise(f.sha2(f.concat_ws("/", "prefix", f.coalesce("line", "object")), 256))
        .alias("event_id"),
        f.when(sound, f.col("content")).alias("content"),
        f.when(sound, _type()).otherwise(f.lit(BROKEN)).alias("kind"),
        f.when(broken, _type()).alias("detail_type"),
        f.col("occurred_at"),
        f.when(sound, f.to_date("occurred_at").cast("string")).otherwise(_day_of_object()).alias("date"),
        f.col("event.correlation_id").alias("correlation_id"),
        f.when(sound, unknown_fields()).alias("unknown_fields"),
        "problem",
        "prefix",
        f.when(broken, _key_of_object()).alias("object"),
        f.when(broken, f.substring("line", 1, RECORD_KEPT)).alias("record"),
        f.when(broken, f.octet_length("line")).alias("bytes"),
        f.coalesce(sound & (f.col("prefix") != by_type(lambda contract: contract.prefix)), f.lit(False)).alias(
            "misplaced"
        ),
        *(payload[name].alias(name) for name in ("order_id", "customer_id", "visit_id", "reason", "tracking_code")),
        f.coalesce(payload["payment_reference"], payload["refund_reference"]).alias("reference"),
        *(payload[name].alias(name) for name in ("product_id", "sku", "name")),
        *(payload[name].alias(name) for name in ("quantity", "change", "inventory_count")),
        f.coalesce(payload["active"], f.lit(True)).alias("active"),
        payload["categories"].alias("categories"),
        f.col("amount"),
        f.col("money.currency").alias("currency"),
        "lines",
    )


def _type() -> Column:
    return f.col("event.detail_type")


def _content() -> Column:
    """A digest of what the contract knows, which is the same in both forms of line."""
    return f.xxhash64(_type(), "occurred_at", "event.correlation_id", "event.payload")


def _without(checked: DataFrame, contradicting: DataFrame) -> DataFrame:
    """The records, broken where they are among the contradicting."""
    others = contradicting.select(f.col("event_id").alias("id"), f.col("content").alias("other"))
    same = (f.lower("event.event_id") == f.col("id")) & (f.col("content") == f.col("other"))
    reason = f.coalesce("problem", f.when(f.col("id").isNotNull(), f.lit(CONTRADICTS)))
    return checked.join(others, same, "left").withColumn("problem", reason)


def _key_of_object() -> Column:
    """The object's key below the bucket, whatever scheme and folder Spark read it by."""
    return f.concat(f.lit("raw/"), f.substring_index("object", "/raw/", -1))


def _day_of_object() -> Column:
    day = f.regexp_extract("object", r"/date=(\d{4}-\d\d-\d\d)/", 1)
    return f.when(day == "", f.lit("undated")).otherwise(day)
