"""What a run reads: the objects of the raw zone that the ledger lacks."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from curation.lake import Lake, Stored
from curation.ledger import Folder, Ledger
from curation.rebuild import Rebuild

_SHRINKS_BY = 8  # gzip, of JSON that repeats its names
_BYTES_OF_A_PART = 128 * 2**20  # of JSON: what is lost with a worker is done again
_LEAST_OF_A_PART = 4 * 2**20  # below that, the start of a part is most of its work


class Bookmark(StrEnum):
    """What Glue's option `--job-bookmark-option` says, and what the job does about it on Glue and elsewhere."""

    ENABLE = "job-bookmark-enable"  # read what is new, and remember it
    PAUSE = "job-bookmark-pause"  # read what is new, and remember nothing
    DISABLE = "job-bookmark-disable"  # read everything, and remember nothing


class RawObjects:
    """The objects that no run has read yet, as `find` found them."""

    def __init__(self, lake: Lake, bookmark: Bookmark = Bookmark.ENABLE) -> None:
        self._lake, self._bookmark = lake, bookmark
        self._ledger = Ledger(lake)
        self._folders: list[Folder] = []

    def find(self, rebuild: Rebuild) -> bool:
        """Look for what is new, and for what is to be read again; whether there is anything."""
        everything = self._bookmark is Bookmark.DISABLE
        self._folders = self._ledger.news(lambda folder: everything or rebuild.reads_again(folder))
        return bool(self._folders)

    def parts(self, at_least: int) -> list[list[tuple[str, int]]]:
        """The objects, key and size, in parts of about the same work: as many as asked for, more where there is much.

        What is in one folder stays together, so that a part has few days. The largest come first: whoever takes the
        last has little left to do.
        """
        new = sorted((each for folder in self._folders for each in folder.new), key=lambda each: each.key)
        self._lake.readable([each.key for each in new])
        most = min(_BYTES_OF_A_PART, max(_LEAST_OF_A_PART, self.size() // at_least))
        parts: list[list[Stored]] = []
        size = most
        for stored in new:
            if size + _bytes(stored) // 2 > most:
                parts.append([])
                size = 0
            parts[-1].append(stored)
            size += _bytes(stored)
        parts.sort(key=lambda part: sum(map(_bytes, part)), reverse=True)
        return [[(stored.key, stored.size) for stored in part] for part in parts]

    def largest_day(self) -> int:
        """About how many bytes of JSON one day has at most, to choose how many files it gets."""
        days: Counter[str] = Counter()
        for folder in self._folders:
            day = folder.name.rstrip("/").rpartition("/")[2]
            days[day] += sum(map(_bytes, folder.new))
        return max(days.values(), default=0)

    def size(self) -> int:
        """About how many bytes of JSON there are."""
        return sum(_bytes(each) for folder in self._folders for each in folder.new)

    def done(self) -> None:
        """Remember that what is in them is in the tables."""
        if self._folders and self._bookmark is Bookmark.ENABLE:
            self._ledger.read(self._folders)


def _bytes(stored: Stored) -> int:
    return stored.size * (_SHRINKS_BY if stored.key.endswith(".gz") else 1)
