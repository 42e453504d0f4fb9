"""Where a run's lines come from, and what remembers the objects it read: Glue's bookmark, or a ledger in the lake."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from curation.lake import Lake

RAW = "raw/"
LEDGER = "curated/_bookmark.json"
_SHRINKS_BY = 8  # gzip, of JSON that repeats its names


class Source(Protocol):
    """The records that no run has read yet."""

    def lines(self) -> DataFrame | None:
        """Columns `line` and `object`, a row for each record; `line` is null for an object that nobody can read."""

    def leave_out_unreadable(self) -> bool:
        """After a failure: whether there are objects that do not decompress, which `lines` now leaves out."""

    def largest_day(self) -> int:
        """About how many bytes of JSON one day has at most, to choose how many files it gets."""

    def done(self) -> None:
        """Remember that what `lines` gave is in the tables."""


class LedgerSource:
    """The objects below `raw/` whose key and version the ledger lacks, for machines without Glue's bookmarks."""

    def __init__(self, spark: SparkSession, lake: Lake) -> None:
        self._spark, self._lake = spark, lake
        ledger = lake.read(LEDGER)
        self._known: dict[str, str] = json.loads(ledger) if ledger else {}
        stored = [each for each in lake.list(RAW) if each.size and not each.key.endswith("/")]
        self._new = [each for each in stored if self._known.get(each.key) != each.version]
        keys = [each.key for each in self._new]
        self._paths = dict(zip(lake.readable(keys), keys, strict=True))
        self._unreadable: list[str] = []

    def lines(self) -> DataFrame | None:
        if not self._new:
            return None
        readable = [path for path in self._paths if path not in self._unreadable]
        lines = _not_empty(self._spark.read.text(readable)) if readable else None
        if self._unreadable:
            rows = [(None, f"/{self._paths[path]}") for path in self._unreadable]
            broken = self._spark.createDataFrame(rows, "line string, object string")
            lines = lines.unionByName(broken) if lines else broken
        return lines

    def leave_out_unreadable(self) -> bool:
        suspects = [path for path in self._paths if path.endswith(".gz") and path not in self._unreadable]
        with ThreadPoolExecutor() as pool:
            found = [path for path, sound in zip(suspects, pool.map(_decompresses, suspects), strict=True) if not sound]
        self._unreadable += found
        return bool(found)

    def largest_day(self) -> int:
        days: Counter[str] = Counter()
        for each in self._new:
            folder = each.key.rpartition("/")[0].rpartition("/")[2]
            days[folder] += each.size * (_SHRINKS_BY if each.key.endswith(".gz") else 1)
        return max(days.values(), default=0)

    def done(self) -> None:
        if self._new:
            self._known |= {each.key: each.version for each in self._new}
            self._lake.write(LEDGER, json.dumps(self._known).encode())


class GlueSource:
    """What Glue's bookmark has not seen. `commit` is the job's, which moves the bookmark."""

    def __init__(self, glue: Any, job: Any, lake_uri: str) -> None:
        self._glue, self._job, self._lake_uri = glue, job, lake_uri
        self._partitions = 0

    def lines(self) -> DataFrame | None:
        new: DataFrame = self._glue.create_dynamic_frame.from_options(
            connection_type="s3",
            connection_options={"paths": [f"{self._lake_uri}/{RAW}"], "recurse": True},
            format="csv",  # whole lines, broken ones included: no quotes, and a separator that JSON forbids
            format_options={
                "separator": "\u0001",
                "quoteChar": -1,
                "withHeader": False,
                "attachFilename": "object",
            },
            transformation_ctx="raw",
        ).toDF()
        if "col0" not in new.columns:  # without new objects there are no columns
            return None
        self._partitions = new.rdd.getNumPartitions()
        return new.where(f.trim("col0") != "").select(f.col("col0").alias("line"), "object")

    def leave_out_unreadable(self) -> bool:
        return False  # Glue's reader would have to be told by name; the run fails, and its log names the object

    def largest_day(self) -> int:
        return self._partitions * 64 * 2**20  # a nightly run reads one day

    def done(self) -> None:
        self._job.commit()


def _not_empty(text: DataFrame) -> DataFrame:
    """Every line but blank ones, which are no records."""
    is_blank = ~f.col("value").startswith("{") & (f.trim("value") == "")
    return text.where(~is_blank).select(f.col("value").alias("line"), f.input_file_name().alias("object"))


def _decompresses(path: str) -> bool:
    try:
        with gzip.open(path) as file:
            while file.read(2**20):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return True
