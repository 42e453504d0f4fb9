"""Where a run's lines come from: the objects of the raw zone that the ledger lacks."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from curation.lake import Lake
from curation.ledger import Folder, Ledger
from curation.rebuild import Rebuild

_SHRINKS_BY = 8  # gzip, of JSON that repeats its names
_AT_ONCE = 16


class Bookmark(StrEnum):
    """What Glue's option `--job-bookmark-option` says, and what the job does about it on Glue and elsewhere."""

    ENABLE = "job-bookmark-enable"  # read what is new, and remember it
    PAUSE = "job-bookmark-pause"  # read what is new, and remember nothing
    DISABLE = "job-bookmark-disable"  # read everything, and remember nothing


class RawObjects:
    """The records that no run has read yet. What is new is found out when `lines` is called first."""

    def __init__(self, spark: SparkSession, lake: Lake, bookmark: Bookmark = Bookmark.ENABLE) -> None:
        self._spark, self._lake, self._bookmark = spark, lake, bookmark
        self._ledger = Ledger(lake)
        self._folders: list[Folder] = []
        self._unreadable: set[str] = set()

    def find(self, rebuild: Rebuild) -> bool:
        """Look for what is new, and for what is to be read again; whether there is anything."""
        everything = self._bookmark is Bookmark.DISABLE
        self._folders = self._ledger.news(lambda folder: everything or rebuild.reads_again(folder))
        names = [each.key for folder in self._folders for each in folder.new]
        self._unreadable = {key for key in names if key.rpartition("/")[2].startswith(("_", "."))}  # Spark skips them
        return bool(names)

    def lines(self) -> DataFrame | None:
        """Columns `line` and `object`, a row for each record; `line` is null for an object that nobody can read.

        None where there are no objects.
        """
        paths = [path for folder in self._folders for path in self._paths(folder)]
        lines = _not_empty(self._spark.read.text(paths)) if paths else None
        if self._unreadable:
            rows = [(None, f"/{key}") for key in sorted(self._unreadable)]
            broken = self._spark.createDataFrame(rows, "line string, object string")
            lines = lines.unionByName(broken) if lines else broken
        return lines

    def leave_out_unreadable(self) -> bool:
        """After a failure: whether there are objects that do not decompress, which `lines` now leaves out."""
        keys = [each.key for folder in self._folders for each in folder.new]
        suspects = [key for key in keys if key.endswith(".gz") and key not in self._unreadable]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            sound = pool.map(self._decompresses, suspects)
            found = {key for key, is_sound in zip(suspects, sound, strict=True) if not is_sound}
        self._unreadable |= found
        return bool(found)

    def largest_day(self) -> int:
        """About how many bytes of JSON one day has at most, to choose how many files it gets."""
        days: Counter[str] = Counter()
        for folder in self._folders:
            day = folder.name.rstrip("/").rpartition("/")[2]
            days[day] += sum(each.size * (_SHRINKS_BY if each.key.endswith(".gz") else 1) for each in folder.new)
        return max(days.values(), default=0)

    def done(self) -> None:
        """Remember that what `lines` gave is in the tables."""
        if self._folders and self._bookmark is Bookmark.ENABLE:
            self._ledger.read(self._folders)

    def _paths(self, folder: Folder) -> list[str]:
        """The folder where all of it is to be read, which spares Spark a question for each object; else the objects."""
        keys = [each.key for each in folder.new if each.key not in self._unreadable]
        paths = list(self._lake.readable(keys))
        is_whole = folder.is_new_as_a_whole and len(keys) == len(folder.held) > 1 and "/date=" in folder.name
        return [paths[0].rpartition("/")[0]] if is_whole else paths

    def _decompresses(self, key: str) -> bool:
        try:
            with self._lake.open(key) as stored, gzip.open(stored) as file:
                while file.read(2**20):
                    pass
        except (EOFError, gzip.BadGzipFile, zlib.error):
            return False
        return True


def _not_empty(text: DataFrame) -> DataFrame:
    """Every line but blank ones, which are no records."""
    is_blank = ~f.col("value").startswith("{") & (f.trim("value") == "")
    return text.where(~is_blank).select(f.col("value").alias("line"), f.input_file_name().alias("object"))
