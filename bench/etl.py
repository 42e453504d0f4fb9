"""What the nightly job costs, against Spark merely reading the same JSON and writing it as Parquet."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import psutil
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import exp

from curation.aws import NoCatalog
from curation.here import session
from curation.job import Curation
from curation.lake import DirectoryLake
from curation.sources import RawObjects
from ops.history.lake import DirectoryTarget
from ops.history.mishaps import USUAL
from ops.history.story import EVENTS_OF_A_VISIT, VISITS_A_DAY, Story
from ops.history.writing import write
from ops.synth import ROOT

RESULT = ROOT / "bench" / "results" / "etl.json"
REVENUE = ROOT / "etl" / "queries" / "revenue_per_day.sql"

MILLION = 1_000_000
SIZES = (MILLION // 10, MILLION, 5 * MILLION)
EVENTS_A_DAY = 50_000  # one shop at one pace: the more events, the more days
LAST_DAY = date(2026, 10, 31)  # before the season, so that days are alike

JOB = "the job"
READ = "read the JSON, write Parquet"
TYPED = "the same, with the types given"
SPEED_TARGET = 0.6  # of the rows per second of READ, at each size
GROWTH_TARGET = 1.15  # seconds per row at the largest size, in those at the smallest; above 1 is noise
SCAN_TARGET = 0.05  # bytes of the daily-revenue query, in bytes of the raw JSON

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Taken:
    """What one round took: seconds of the clock, and of all processors together in Spark's process."""

    seconds: float
    processor_seconds: float


@dataclass
class Size:
    """The rounds at one number of events, by what was run, and what the daily-revenue query reads."""

    events: int
    raw_bytes: int
    scanned_bytes: int = 0
    rounds: dict[str, list[Taken]] = field(default_factory=lambda: {name: [] for name in (JOB, READ, TYPED)})

    def seconds(self, name: str) -> float:
        """The clock's median."""
        return statistics.median(taken.seconds for taken in self.rounds[name])

    def processor_seconds(self, name: str) -> float:
        """The processors' median."""
        return statistics.median(taken.processor_seconds for taken in self.rounds[name])

    def speed(self, yardstick: str) -> float:
        """The job's rows per second in those of the yardstick."""
        return self.seconds(yardstick) / self.seconds(JOB)

    def document(self) -> dict[str, Any]:
        """Everything about this size."""
        return {
            "events": self.events,
            "raw_bytes": self.raw_bytes,
            "rows_per_second": {name: round(self.events / self.seconds(name)) for name in self.rounds},
            "ratio": {name: round(self.speed(name), 2) for name in (READ, TYPED)},
            "ratio_by_processor_seconds": {
                name: round(self.processor_seconds(name) / self.processor_seconds(JOB), 2) for name in (READ, TYPED)
            },
            "scanned": round(self.scanned_bytes / self.raw_bytes, 4),
            "seconds": {name: [round(t.seconds, 1) for t in rounds] for name, rounds in self.rounds.items()},
            "processor_seconds": {
                name: [round(t.processor_seconds, 1) for t in rounds] for name, rounds in self.rounds.items()
            },
        }


def document(sizes: Sequence[Size]) -> dict[str, Any]:
    """All sizes with what they were measured on, as one JSON document."""
    return {
        "measured_on": {
            "date": time.strftime("%Y-%m-%d"),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[2], 1),
            "python": platform.python_version(),
            "pyspark": version("pyspark"),
        },
        "targets": {"ratio": SPEED_TARGET, "growth": GROWTH_TARGET, "scanned": SCAN_TARGET},
        "growth": round(growth(sizes), 2),
        "sizes": [size.document() for size in sizes],
    }


def growth(sizes: Sequence[Size]) -> float:
    """Processor seconds per row at the largest size, in those at the smallest: 1 is linear, less is better."""
    first, last = sizes[0], sizes[-1]
    return (last.processor_seconds(JOB) / last.events) / (first.processor_seconds(JOB) / first.events)


def measure(sizes: Sequence[int], rounds: int, progress: Progress) -> list[Size]:
    """Run each in turn, so that a busy minute of the machine weighs on all of them alike.

    One Spark does all. It is warm: everything ran once, at the smallest size, before anything is measured.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        spark = session(directory, memory="6g", java="-XX:+UseParallelGC")
        try:
            measured = []
            for number, events in enumerate(sizes):
                progress(f"{events:,} events: history …")
                lake = directory / "lake"
                size = _history(events, lake)
                for count in range(-1 if number == 0 else 0, rounds):
                    for what, run in _runs(spark, lake, directory / "parquet").items():
                        progress(f"{events:,} events, round {count + 1} of {rounds}: {what} …")
                        taken = _take(run)
                        if count >= 0:
                            size.rounds[what].append(taken)
                size.scanned_bytes = scanned_bytes(lake, REVENUE.read_text())
                shutil.rmtree(lake)
                measured.append(size)
        finally:
            spark.stop()
    return measured


def _history(events: int, lake: Path) -> Size:
    customers = round(EVENTS_A_DAY / (VISITS_A_DAY * EVENTS_OF_A_VISIT))
    story = Story(seed=7, last_day=LAST_DAY, days=max(1, events // EVENTS_A_DAY), customers=customers, mishaps=USUAL)
    told = write(story, DirectoryTarget(lake))
    return Size(told, sum(path.stat().st_size for path in (lake / "raw").rglob("*.gz")))


def _runs(spark: SparkSession, lake: Path, parquet: Path) -> Mapping[str, Callable[[], None]]:
    raw = str(lake / "raw" / "*" / "*")
    types = spark.read.json(raw).schema

    def job() -> None:
        for zone in ("curated", "quarantine"):
            shutil.rmtree(lake / zone, ignore_errors=True)
        folder = DirectoryLake(lake)
        now = datetime.combine(LAST_DAY, datetime.max.time(), UTC)
        account = Curation(spark, folder, NoCatalog(), lambda _: None, lambda: now).run(RawObjects(spark, folder))
        if account.unaccounted or not (account.duplicates and account.quarantined):
            raise RuntimeError(f"the job did not tell what of a history is sound, repeated and broken: {account}")

    def read() -> None:
        spark.read.json(raw).write.mode("overwrite").parquet(str(parquet))

    def typed() -> None:
        spark.read.schema(types).json(raw).write.mode("overwrite").parquet(str(parquet))

    return {READ: read, JOB: job, TYPED: typed}


def _take(run: Callable[[], None]) -> Taken:
    (java,) = (child for child in psutil.Process().children(recursive=True) if "java" in child.name())
    began, before = time.perf_counter(), java.cpu_times()
    run()
    after = java.cpu_times()
    return Taken(time.perf_counter() - began, after.user + after.system - before.user - before.system)


def scanned_bytes(lake: Path, query: str) -> int:
    """What an engine reads of Parquet for the query over all days: the chunks of the columns it names, and footers."""
    tree = sqlglot.parse_one(query, dialect="athena")
    columns = {column.name for column in tree.find_all(exp.Column)}
    total = 0
    for table in tree.find_all(exp.Table):
        folder = lake / "curated" / table.name.removeprefix("curated_")
        for path in folder.rglob("*.parquet"):
            chunks = duckdb.execute(
                "SELECT path_in_schema, total_compressed_size FROM parquet_metadata(?)", [str(path)]
            ).fetchall()
            total += sum(size for name, size in chunks if name in columns)
            total += int.from_bytes(path.read_bytes()[-8:-4], "little") + 8
    return total
