"""Where a history goes."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Protocol

RAW, NAME = "raw/", "history.json.gz"


def key_of(prefix: str, day: date) -> str:
    """The object of a history that holds what came under `prefix` on that day."""
    return f"{RAW}{prefix}/date={day}/{NAME}"


class OtherHistoryError(Exception):
    """The lake holds another history of some of the days."""


class Target(Protocol):
    """Takes the members of each object in order, and closes with all of them there."""

    def append(self, key: str, member: bytes) -> None:
        """Put `member` after what the object holds."""

    def close(self) -> None:
        """Everything is there. Raises OtherHistoryError when that may not be."""


class Lake(Protocol):
    """The objects of a bucket."""

    def keys(self, prefix: str) -> list[str]:
        """Of every object whose key begins like this."""

    def read(self, key: str) -> bytes:
        """What an object holds."""

    def put(self, key: str, content: bytes) -> None:
        """Put an object there."""


class DirectoryTarget:
    """A folder; a history that it held before is gone, other files stay."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._begun: set[str] = set()

    def append(self, key: str, member: bytes) -> None:
        if not self._begun:
            for old in self._directory.glob(f"{RAW}*/date=*/{NAME}"):
                old.unlink()
        path = self._directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if key in self._begun else "wb") as file:
            file.write(member)
        self._begun.add(key)

    def close(self) -> None:
        """The files are there already."""

    def __str__(self) -> str:
        return str(self._directory)


class LakeTarget:
    """A lake in use: what is there stays, and no day is told twice.

    The same history may be written again, and a longer one of the same first day adds its days.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._scratch = tempfile.TemporaryDirectory(prefix="history-")
        self._files = DirectoryTarget(Path(self._scratch.name))
        self.new_objects = 0

    @property
    def first_day(self) -> date | None:
        """Of the history that the lake holds; None when it holds none."""
        return min(map(_day, self._held()), default=None)

    def append(self, key: str, member: bytes) -> None:
        self._files.append(key, member)

    def close(self) -> None:
        with self._scratch as scratch:
            told = {path.relative_to(scratch).as_posix(): path for path in Path(scratch).rglob(NAME)}
            held = self._held()
            self._refuse_another(told, held)
            for key in sorted(told.keys() - held):
                self._lake.put(key, told[key].read_bytes())
                self.new_objects += 1

    def __str__(self) -> str:
        return "the lake of this machine's platform"

    def _held(self) -> set[str]:
        return {key for key in self._lake.keys(RAW) if key.endswith(f"/{NAME}")}

    def _refuse_another(self, told: dict[str, Path], held: set[str]) -> None:
        """Before anything is written, for half of a history is one more that nobody told."""
        days = set(map(_day, told))
        for key in sorted(held):
            if _day(key) in days and (key not in told or told[key].read_bytes() != self._lake.read(key)):
                days_held = sorted(map(_day, held))
                raise OtherHistoryError(
                    f"The lake holds a history of {days_held[0]} to {days_held[-1]}, which tells {_day(key)} "
                    "differently: nothing was written. To let it go on, give the options it was made with (--seed, "
                    "--customers and so on), but no --days; for another one, choose --days and --until outside of it, "
                    "or begin with an empty lake: `make down up`"
                )


def _day(key: str) -> date:
    return date.fromisoformat(key.partition("date=")[2][:10])
