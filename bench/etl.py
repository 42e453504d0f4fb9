"""What the nightly job costs, against Spark merely reading the same JSON and writing it as Parquet.

The verdict is against TYPED, which reads once, with the types given, as the job does. READ is what one would write
first: it infers the types, which is a pass of its own, and so an easier mark; it is told beside it. The raw zone is as
in production: some events come twice, late or broken, and those that the order processor handled are there in both
forms, archived and carried. A night is one more day for a lake that is full already, and begins within that day.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import psutil
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import exp

from bench.etl_history import LAST_DAY, tell
from curation.aws import NoCatalog
from curation.here import session
from curation.job import Curation
from curation.lake import DirectoryLake
from curation.sources import RawObjects
from ops.synth import ROOT

RESULT = ROOT / "bench" / "results" / "etl.json"
REVENUE = ROOT / "etl" / "queries" / "revenue_per_day.sql"

MILLION = 1_000_000
SIZES = (MILLION // 10, MILLION, 5 * MILLION)

JOB = "the job"
READ = "read the JSON, write Parquet"
TYPED = "the same, with the types given"
NIGHT = "a night: one more day for a full lake"
NIGHT_TYPED = "that day read and written, with the types given"
SPEED_TARGET = 0.6  # of the records per second of TYPED, by the clock, at each size
GROWTH_TARGET = 1.0  # processor seconds per record, in those of the size before: at each step no worse than linear
SCAN_TARGET = 0.05  # bytes of the daily-revenue query, in bytes of the raw JSON

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Taken:
    """What one round took: seconds of the clock, and of all processors together."""

    seconds: float
    processor_seconds: float


@dataclass
class Size:
    """The rounds at one number of events, by what was run, and what the daily-revenue query reads.

    Records are lines of the raw zone without the last day, which the night brings: about as many as events were asked
    for, and those that are there twice.
    """

    events: int
    records: int
    raw_bytes: int
    night_records: int = 0
    scanned_bytes: int = 0
    rounds: dict[str, list[Taken]] = field(
        default_factory=lambda: {name: [] for name in (JOB, READ, TYPED, NIGHT, NIGHT_TYPED)}
    )

    def seconds(self, name: str) -> float:
        """The clock's median."""
        return statistics.median(taken.seconds for taken in self.rounds[name])

    def processor_seconds(self, name: str) -> float:
        """The processors' median."""
        return statistics.median(taken.processor_seconds for taken in self.rounds[name])

    def speed(self, yardstick: str) -> float:
        """The job's records per second in those of the yardstick."""
        return self.seconds(yardstick) / self.seconds(JOB)

    def processor_seconds_per_record(self) -> float:
        """What a record costs the job."""
        return self.processor_seconds(JOB) / self.records

    def document(self) -> dict[str, Any]:
        """Everything about this size."""
        return {
            "events": self.events,
            "records": self.records,
            "night_records": self.night_records,
            "raw_bytes": self.raw_bytes,
            "records_per_second": {
                name: round((self.night_records if name in (NIGHT, NIGHT_TYPED) else self.records) / self.seconds(name))
                for name in self.rounds
            },
            "ratio": {name: round(self.speed(name), 2) for name in (READ, TYPED)},
            "ratio_by_processor_seconds": {
                name: round(self.processor_seconds(name) / self.processor_seconds(JOB), 2) for name in (READ, TYPED)
            },
            "processor_seconds_per_million_records": round(MILLION * self.processor_seconds_per_record(), 2),
            "ratio_of_a_night": round(self.seconds(NIGHT_TYPED) / self.seconds(NIGHT), 2),
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
            "at": time.strftime("%Y-%m-%d %H:%M"),
            "load": round(os.getloadavg()[2], 1),  # of the last quarter of an hour
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "pyspark": version("pyspark"),
        },
        "targets": {"ratio": SPEED_TARGET, "growth": GROWTH_TARGET, "scanned": SCAN_TARGET},
        "verdict": f"ratio: to {TYPED!r}, by the clock; growth: each size to the one before, by processor seconds",
        "growth": growth(sizes),
        "sizes": [size.document() for size in sizes],
    }


def growth(sizes: Sequence[Size]) -> list[float]:
    """What a record costs at each size, in what it costs at the size before: 1 is linear, less is better."""
    costs = [size.processor_seconds_per_record() for size in sizes]
    return [round(after / before, 2) for before, after in pairwise(costs)]


def measure(sizes: Sequence[int], rounds: int, progress: Progress) -> list[Size]:
    """Run each in turn at each size in turn, so that a busy minute of the machine weighs on all of them alike.

    One Spark does all. It is warm: everything ran once, at the smallest size, before anything is measured.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        measured: list[Size] = []
        for events in sorted(sizes):
            progress(f"{events:,} events: history …")
            told = tell(events, directory / str(events))
            measured.append(Size(events, told.records, told.raw_bytes, told.night_records))
        spark = session(directory, memory="6g", java="-XX:+UseParallelGC")
        try:
            runs = [_runs(spark, directory / str(size.events), directory / "parquet") for size in measured]
            for what, run in runs[0].items():
                progress(f"warming up: {what} …")
                run()
            for count, size, of_size in ((c, s, r) for c in range(rounds) for s, r in zip(measured, runs, strict=True)):
                for what, run in of_size.items():
                    progress(f"round {count + 1} of {rounds}, {size.events:,} events: {what} …")
                    size.rounds[what].append(_take(run))
        finally:
            spark.stop()
        for size in measured:
            size.scanned_bytes = scanned_bytes(directory / str(size.events), REVENUE.read_text())
    return measured


def _runs(spark: SparkSession, lake: Path, parquet: Path) -> Mapping[str, Callable[[], None]]:
    raw = str(lake / "raw" / "*" / "*")
    types = spark.read.json(raw).schema
    since = sorted((lake / "night").rglob("since-*"))

    def curate() -> None:
        folder = DirectoryLake(lake)
        now = datetime.combine(LAST_DAY, datetime.max.time(), UTC)
        account = Curation(spark, folder, NoCatalog(), lambda _: None, lambda: now).run(RawObjects(folder))
        if account.unaccounted or not (account.duplicates and account.quarantined):
            raise RuntimeError(f"the job did not tell what of a history is sound, repeated and broken: {account}")

    def job() -> None:
        for zone in ("curated", "quarantine"):
            shutil.rmtree(lake / zone, ignore_errors=True)
        curate()

    def night() -> None:
        for path in since:
            shutil.copyfile(path, lake / path.relative_to(lake / "night"))
        curate()
        for path in since:
            (lake / path.relative_to(lake / "night")).unlink()

    def read() -> None:
        spark.read.json(raw).write.mode("overwrite").parquet(str(parquet))

    def typed() -> None:
        spark.read.schema(types).json(raw).write.mode("overwrite").parquet(str(parquet))

    def typed_since() -> None:
        spark.read.schema(types).json([str(path) for path in since]).write.mode("overwrite").parquet(str(parquet))

    return {READ: read, JOB: job, TYPED: typed, NIGHT: night, NIGHT_TYPED: typed_since}


def _take(run: Callable[[], None]) -> Taken:
    began, before = time.perf_counter(), _processor_seconds()
    run()
    return Taken(time.perf_counter() - began, _processor_seconds() - before)


def _processor_seconds() -> float:
    """Of this process, which is Spark's driver, of Spark and of its Python workers, those that ended included."""
    this = psutil.Process()
    times = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


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
