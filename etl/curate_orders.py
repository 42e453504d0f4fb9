"""Nightly Glue job: raw order events (JSON lines) to the table `curated_orders` (Parquet, zstd, one folder per day).

Guarantees: an event is in the table once, however often it was archived or the job was repeated; it lies in the folder
of its own day (UTC), however late it came; a line that breaks the contract lies in `quarantine/orders/` with the
reason, at least once, and never in the table. Nothing is collected to the driver.

Rows are `OrderPlaced` events. Other sound events of the prefix stay in the raw zone until a table of theirs exists.
"""

from __future__ import annotations

import sys

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.utils import AnalysisException

MONEY = "struct<amount:string,currency:string>"
LINE = f"struct<product_id:string,sku:string,name:string,quantity:int,unit_price:{MONEY}>"
EVENT = (
    "struct<detail_type:string,event_id:string,occurred_at:string,version:string,correlation_id:string,"
    f"payload:struct<order_id:string,total:{MONEY},lines:array<{LINE}>>>"
)
MAJOR_VERSION = "1"
UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
PLACED = f.col("event.detail_type") == "OrderPlaced"


def read(lines: DataFrame) -> DataFrame:
    """The events of `lines` (one column, `line`): columns `line`, `event`, `problem`; a sound one's problem is null."""
    events = lines.select("line", f.from_json("line", EVENT).alias("event"))
    return events.withColumn("problem", f.coalesce(*_problems()))


def _problems() -> list[Column]:
    payload = "event.payload"
    checks = {
        "event_id is no UUID, or the line is no JSON": f.col("event.event_id").rlike(UUID),
        "occurred_at is no time": f.to_timestamp("event.occurred_at").isNotNull(),
        "version is unknown": f.substring_index("event.version", ".", 1) == MAJOR_VERSION,
        "detail_type is missing": f.col("event.detail_type").isNotNull(),
        "payload.order_id is no UUID": ~PLACED | f.col(f"{payload}.order_id").rlike(UUID),
        "payload.total is no amount": ~PLACED | _amount(f.col(f"{payload}.total")).isNotNull(),
        "payload.lines are incomplete": ~PLACED
        | ((f.size(f"{payload}.lines") > 0) & f.forall(f"{payload}.lines", _is_complete)),
    }
    return [f.when(f.coalesce(sound, f.lit(False)), None).otherwise(f.lit(reason)) for reason, sound in checks.items()]


def _is_complete(line: Column) -> Column:
    return line["sku"].isNotNull() & (line["quantity"] > 0) & _amount(line["unit_price"]).isNotNull()


def _amount(money: Column) -> Column:
    return money["amount"].cast("decimal(12,2)")


def orders(events: DataFrame) -> DataFrame:
    """The rows of `curated_orders`, one for each sound `OrderPlaced`, repeated events once."""
    payload, occurred_at = f.col("event.payload"), f.to_timestamp("event.occurred_at")
    return (
        events.where(f.col("problem").isNull() & PLACED)
        .select(
            "event.event_id",
            payload["order_id"].alias("order_id"),
            occurred_at.alias("occurred_at"),
            "event.correlation_id",
            payload["total"]["currency"].alias("currency"),
            _amount(payload["total"]).alias("total"),
            f.transform(payload["lines"], lambda line: line.withField("unit_price", _amount(line["unit_price"]))).alias(
                "lines"
            ),
            f.date_format(occurred_at, "yyyy-MM-dd").alias("date"),
        )
        .dropDuplicates(["event_id"])
    )


def without_known(rows: DataFrame, path: str) -> DataFrame:
    """The rows whose events the table at `path` does not hold yet; reads the days in question only."""
    try:
        table = rows.sparkSession.read.parquet(path).select("event_id", f.col("date").cast("string").alias("date"))
    except AnalysisException as error:
        if error.getErrorClass() != "PATH_NOT_FOUND":
            raise
        return rows  # the first run
    days = f.broadcast(rows.select("date").distinct())
    return rows.join(table.join(days, "date", "left_semi").select("event_id"), "event_id", "left_anti")


def curate(lines: DataFrame, lake: str) -> None:
    """Append what `lines` hold to `<lake>/curated/orders/`, and what is wrong with them to `<lake>/quarantine/`."""
    lines.sparkSession.conf.set("spark.sql.session.timeZone", "UTC")
    events = read(lines)
    broken = events.where(f.col("problem").isNotNull()).select("line", "problem", f.current_date().alias("date"))
    broken.write.mode("append").partitionBy("date").json(f"{lake}/quarantine/orders/")
    table = f"{lake}/curated/orders/"
    fresh = without_known(orders(events), table)
    # One file for each day: many small ones would make every query slower.
    fresh.repartition("date").write.mode("append").partitionBy("date").option("compression", "zstd").parquet(table)


def main(arguments: list[str]) -> None:
    """Run on Glue, over the objects that its bookmark does not know yet."""
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions
    from pyspark.context import SparkContext

    options = getResolvedOptions(arguments, ["JOB_NAME", "lake", "database"])
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(options["JOB_NAME"], options)
    lake = f"s3://{options['lake']}"
    new = glue.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [f"{lake}/raw/orders/"], "recurse": True},
        format="csv",  # whole lines, broken ones included: no quotes, and a separator that JSON forbids
        format_options={"separator": "\u0001", "quoteChar": -1, "withHeader": False},
        transformation_ctx="raw_orders",
    ).toDF()
    if "col0" in new.columns:  # without new objects there are no columns
        spark: SparkSession = glue.spark_session
        curate(new.select(f.col("col0").alias("line")), lake)
        spark.sql(f"MSCK REPAIR TABLE {options['database']}.curated_orders")
    job.commit()


if __name__ == "__main__":
    main(sys.argv)
