"""A day of a table is one file, unless it is so large that it gets more: not one for each night or task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from tests.etl.lakes import NOON, TestLake, placed, raw

pytestmark = pytest.mark.slow


@pytest.fixture
def joins_by_shuffle(spark: SparkSession) -> Iterator[None]:
    """As with more known events than a worker could be sent: rows lie by event afterwards, not by day."""
    changed = {
        "spark.sql.autoBroadcastJoinThreshold": "-1",
        "spark.sql.adaptive.autoBroadcastJoinThreshold": "-1",
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
    }
    before = {name: spark.conf.get(name, None) for name in changed}
    for name, value in changed.items():
        spark.conf.set(name, value)
    yield
    for name, earlier in before.items():
        if earlier is None:
            spark.conf.unset(name)
        else:
            spark.conf.set(name, earlier)


@pytest.mark.usefixtures("joins_by_shuffle")
def test_day_that_was_added_to_is_still_one_file(lake: TestLake) -> None:
    days = [NOON - timedelta(days=number) for number in range(2)]
    events = [raw(placed(), occurred_at=day) for day in days for _ in range(20)]
    lake.put(*events[::2])
    lake.run()
    lake.put(*events, key="raw/orders/date=2026-11-21/late.json")

    account = lake.run()

    assert (account.curated, account.duplicates) == (20, 20)
    assert [file.rpartition("/")[2] for file in lake.files()] == ["part-00000-of-00001.zstd.parquet"] * 4
