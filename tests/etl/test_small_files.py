"""A day of a table is one file, unless it is so large that it gets more: not one for each night or task."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, Row

from tests.etl.lakes import NOON, TestLake, placed, raw

pytestmark = pytest.mark.slow


def codecs(file: Path) -> set[str]:
    """How the columns of a file are compressed."""
    group = pq.read_metadata(file).row_group(0)
    return {group.column(number).compression for number in range(group.num_columns)}


def orders(lake: TestLake, day: str = "2026-11-20") -> list[str]:
    """The names of the files of a day."""
    return [file.rpartition("/")[2] for file in lake.files(f"curated/orders/date={day}")]


def test_day_that_was_added_to_is_still_one_file(lake: TestLake) -> None:
    days = [NOON - timedelta(days=number) for number in range(2)]
    events = [raw(placed(), occurred_at=day) for day in days for _ in range(20)]
    lake.put(*events[::2])
    lake.run()
    lake.put(*events, key="raw/orders/date=2026-11-21/late.json")

    account = lake.run()

    assert (account.curated, account.duplicates) == (20, 20)
    assert [file.rpartition("/")[2] for file in lake.files()] == ["part-00000-of-00001.zstd.parquet"] * 4
    assert {codec for file in lake.files() for codec in codecs(lake.root / file)} == {"ZSTD"}


def test_driver_hears_no_more_of_many_records_than_of_few(lake: TestLake, monkeypatch: pytest.MonkeyPatch) -> None:
    collect, heard = DataFrame.collect, Counter[int]()

    def listening(frame: DataFrame) -> list[Row]:
        rows = collect(frame)
        heard[len(lake.accounts)] += len(rows)
        return rows

    monkeypatch.setattr(DataFrame, "collect", listening)
    for run, number in enumerate((10, 2_000)):
        lake.put(*(raw(placed()) for _ in range(number)), key=f"raw/orders/date=2026-11-20/{run}.json")
        assert lake.run().curated == number

    assert 0 < heard[1] <= heard[0]


def test_large_day_gets_more_files_and_keeps_them_when_it_is_added_to(
    lake: TestLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [raw(placed()) for _ in range(60)]
    contradiction = events[7] | {"correlation_id": "another"}
    with monkeypatch.context() as patched:
        patched.setattr("curation.job.FILE_BYTES", 8_000)
        lake.put(*events[:40], *events[:10], contradiction)
        first = lake.run()
        some = orders(lake)
        lake.put(*events[:50], key="raw/orders/date=2026-11-20/more.json")  # as many files would do
        second = lake.run()
        more = orders(lake)
    lake.put(*events, key="raw/orders/date=2026-11-20/last.json")
    third = lake.run()

    assert (first.curated, first.duplicates, first.quarantined) == (40, 10, 1)
    assert (second.curated, second.duplicates) == (10, 40)
    assert (third.curated, third.duplicates) == (10, 50)
    assert 1 < len(some) <= len(more)
    assert orders(lake) == more
    assert len(set(lake.rows("orders", "event_id"))) == len(lake.rows("orders", "event_id")) == 60
    assert len(lake.rows("order_items", "event_id")) == 60
