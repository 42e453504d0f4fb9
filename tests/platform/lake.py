"""Curated files in the deployed lake while a test looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from pyspark.sql import SparkSession

from tests.analytics import known
from tests.analytics.curated import curate
from tests.platform.deployed import Deployed

_OF_A_TABLE = ("Name", "Description", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")


@contextmanager
def known_history(platform: Deployed, spark: SparkSession, directory: Path) -> Iterator[timedelta]:
    """The known history is in the curated tables as the job made them, so many days later that its today is today.

    Other tests count what is in the tables: it goes afterwards.
    """
    s3, bucket = platform.emulator.client("s3"), platform.parameter("lake/bucket")
    later = datetime.now(UTC).date() - known.NOW.date()
    curated = curate(spark, directory, later=later)
    files = {f"curated/{file.relative_to(curated)}": file for file in curated.rglob("*.parquet")}
    for key, file in files.items():
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    try:
        yield later
    finally:
        for key in files:
            s3.delete_object(Bucket=bucket, Key=key)


@contextmanager
def orders_that_grew(platform: Deployed, date: str) -> Iterator[None]:
    """From `date` on the orders have a column `gift`: in the catalog, as a deployment of it leaves the table, and in
    the files of that day. The days before are as they were written."""
    s3, bucket = platform.emulator.client("s3"), platform.parameter("lake/bucket")
    glue = platform.emulator.client("glue")
    where = {"DatabaseName": "retail_dev", "Name": "curated_orders"}
    before = {name: glue.get_table(**where)["Table"][name] for name in _OF_A_TABLE}
    storage = before["StorageDescriptor"]
    grown = {**storage, "Columns": [*storage["Columns"], {"Name": "gift", "Type": "boolean"}]}
    (listed,) = s3.list_objects_v2(Bucket=bucket, Prefix=f"curated/orders/date={date}/")["Contents"]
    content = s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
    glue.update_table(DatabaseName="retail_dev", TableInput={**before, "StorageDescriptor": grown})
    s3.put_object(Bucket=bucket, Key=listed["Key"], Body=_with_gifts(content))
    try:
        yield
    finally:
        glue.update_table(DatabaseName="retail_dev", TableInput=before)
        s3.put_object(Bucket=bucket, Key=listed["Key"], Body=content)


def _with_gifts(parquet: bytes) -> bytes:
    with TemporaryDirectory() as directory:
        old, new = Path(directory, "old.parquet"), Path(directory, "new.parquet")
        old.write_bytes(parquet)
        grown = f"SELECT *, true AS gift FROM read_parquet('{old}')"  # noqa: S608  (our own text)
        duckdb.execute(f"COPY ({grown}) TO '{new}' (FORMAT parquet)")
        return new.read_bytes()
