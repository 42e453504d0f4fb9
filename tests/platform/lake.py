"""Curated files in the deployed lake while a test looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from tests.analytics import known
from tests.analytics.curated import curate
from tests.platform.deployed import Deployed


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
