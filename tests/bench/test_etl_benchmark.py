"""The benchmark's arithmetic, and that it measures what it says; how long anything takes is never asserted."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import bench.etl
from bench.__main__ import app
from bench.etl import (
    GROWTH_TARGET,
    JOB,
    NIGHT,
    NIGHT_TYPED,
    READ,
    RESULT,
    REVENUE,
    SCAN_TARGET,
    SIZES,
    SPEED_TARGET,
    TYPED,
    Size,
    Taken,
    document,
    growth,
    scanned_bytes,
)
from bench.etl_history import HANDLED, carry, split


def size(events: int, job: float, read: float) -> Size:
    """A size with one round each."""
    seconds = {JOB: job, READ: read, TYPED: read / 2, NIGHT: 1, NIGHT_TYPED: 0.5}
    rounds = {name: [Taken(taken, taken)] for name, taken in seconds.items()}
    return Size(events, records=events, raw_bytes=1000, night_records=10, scanned_bytes=40, rounds=rounds)


def test_ratio_is_of_records_per_second() -> None:
    assert size(100, job=4, read=3).speed(READ) == 0.75


def test_growth_is_of_seconds_per_record_at_each_step() -> None:
    assert growth([size(100, 4, 3), size(1000, 20, 30), size(2000, 80, 30)]) == [0.5, 2]


def test_document_says_how_it_compares_and_what_was_wanted() -> None:
    told = document([size(100, 4, 3)])

    assert told["sizes"][0]["ratio"] == {READ: 0.75, TYPED: 0.38}
    assert told["sizes"][0]["ratio_of_a_night"] == 0.5
    assert told["sizes"][0]["scanned"] == 0.04
    assert set(told["targets"]) == {"ratio", "growth", "scanned"}
    assert TYPED in told["verdict"]


def test_what_the_order_processor_handled_is_there_in_both_forms(tmp_path: Path) -> None:
    archived = tmp_path / "history.json.gz"
    events = [{"detail_type": kind, "source": "retail.orders", "event_id": kind} for kind in (*HANDLED, "OrderShipped")]
    with gzip.open(archived, "wt") as lines:
        lines.writelines([*(f"{json.dumps(event)}\n" for event in events), '{"detail_type": "OrderPlaced", "sou\n'])

    assert carry(archived) == 2
    carried = [json.loads(line) for line in gzip.decompress((tmp_path / "carried.json.gz").read_bytes()).splitlines()]
    assert [(each["detail-type"], each["detail"]) for each in carried] == [
        (kind, {"event_id": kind}) for kind in HANDLED
    ]


def test_night_has_what_came_since_the_last(tmp_path: Path) -> None:
    stored, since = tmp_path / "a.json.gz", tmp_path / "night" / "a.json.gz"
    with gzip.open(stored, "wt") as lines:
        lines.writelines(f"{number}\n" for number in range(20))

    assert split(stored, since) == 18
    assert gzip.decompress(stored.read_bytes()) == b"0\n1\n"
    assert gzip.decompress((tmp_path / "night" / "since-a.json.gz").read_bytes()).split()[0] == b"2"


def test_only_columns_of_the_query_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "curated" / "payments" / "date=2026-11-20"
    folder.mkdir(parents=True)
    columns = "'EUR' AS currency, 'CAPTURED' AS status, 1.5 AS amount"
    for name, more in (("small", ""), ("large", ", repeat(uuid()::text, 100) AS reference")):
        rows = f"SELECT {columns}{more} FROM range(1000)"  # noqa: S608  (our own text)
        duckdb.execute(f"COPY ({rows}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    large = (folder / "large.parquet").stat().st_size

    assert 0 < scanned_bytes(tmp_path, REVENUE.read_text()) < large / 10


@pytest.mark.parametrize(("arguments", "kept"), [([], SIZES), (["--size", "100"], None)])
def test_only_a_run_of_all_sizes_is_kept(
    arguments: list[str], kept: Sequence[int] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = tmp_path / "etl.json"
    monkeypatch.setattr(bench.etl, "RESULT", result)
    monkeypatch.setattr(bench.etl, "measure", lambda sizes, *_: [size(events, 4, 3) for events in sizes])

    done = CliRunner().invoke(app, ["etl", "--json", *arguments])

    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert [each["events"] for each in told["sizes"]] == list(kept or [100])
    assert (json.loads(result.read_text()) if result.exists() else None) == (told if kept else None)


def test_nightly_job_keeps_its_targets_as_recorded() -> None:
    told = json.loads(RESULT.read_text())

    assert [each["events"] for each in told["sizes"]] == list(SIZES)
    assert min(each["ratio"][TYPED] for each in told["sizes"]) >= SPEED_TARGET
    assert max(told["growth"]) <= GROWTH_TARGET
    assert max(each["scanned"] for each in told["sizes"]) < SCAN_TARGET
