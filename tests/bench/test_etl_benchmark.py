"""The benchmark's arithmetic, and that it measures what it says; how long anything takes is never asserted."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.etl import JOB, READ, REVENUE, TYPED, Size, Taken, document, growth, scanned_bytes


def size(events: int, job: float, read: float) -> Size:
    """A size with one round each."""
    rounds = {JOB: [Taken(job, job)], READ: [Taken(read, read)], TYPED: [Taken(read / 2, read / 2)]}
    return Size(events, raw_bytes=1000, scanned_bytes=40, rounds=rounds)


def test_ratio_is_of_rows_per_second() -> None:
    assert size(100, job=4, read=3).speed(READ) == 0.75


def test_growth_is_of_seconds_per_row() -> None:
    assert growth([size(100, 4, 3), size(1000, 20, 30)]) == 0.5


def test_document_says_how_it_compares_and_what_was_wanted() -> None:
    told = document([size(100, 4, 3)])

    assert told["sizes"][0]["ratio"] == {READ: 0.75, TYPED: 0.38}
    assert told["sizes"][0]["scanned"] == 0.04
    assert set(told["targets"]) == {"ratio", "growth", "scanned"}


def test_only_columns_of_the_query_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "curated" / "payments" / "date=2026-11-20"
    folder.mkdir(parents=True)
    columns = "'EUR' AS currency, 'CAPTURED' AS status, 1.5 AS amount"
    for name, more in (("small", ""), ("large", ", repeat(uuid()::text, 100) AS reference")):
        rows = f"SELECT {columns}{more} FROM range(1000)"  # noqa: S608  (our own text)
        duckdb.execute(f"COPY ({rows}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    large = (folder / "large.parquet").stat().st_size

    assert 0 < scanned_bytes(tmp_path, REVENUE.read_text()) < large / 10
