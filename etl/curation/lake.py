"""The lake's objects, and where Spark finds them; here in a folder, in `buckets` as they are on AWS."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import get_ident
from typing import BinaryIO, Protocol

from curation.files import Files, MissingObjectError
from curation.packing import Place


@dataclass(frozen=True)
class Stored:
    """One object: its key, its bytes, and a version that changes with its content."""

    key: str
    size: int
    version: str


@dataclass(frozen=True)
class Content:
    """What an object holds, and the version that `swap` compares."""

    content: bytes
    version: str


class Lake(Protocol):
    """Objects by key. Writing, swapping, copying and deleting one are atomic; doing so to several is not."""

    @property
    def uri(self) -> str:
        """What the catalog calls the lake's root."""

    def list(self, prefix: str) -> Iterator[Stored]:
        """Every object whose key begins with `prefix`, in the order of keys."""

    def folder(self, prefix: str) -> tuple[Sequence[Stored], Sequence[str]]:
        """The objects directly in the folder `prefix` (`raw/orders/`), and the folders in it."""

    def read(self, key: str) -> bytes | None:
        """The object's content, None where there is none."""

    def open(self, key: str) -> BinaryIO:
        """The object's content, to be read bit by bit."""

    def read_version(self, key: str) -> Content | None:
        """The object's content and version, None where there is none."""

    def swap(self, key: str, content: bytes, version: str | None) -> str | None:
        """Put the object if it is still of this version, or not there if None; its new version, None if it was not."""

    def write(self, key: str, content: bytes) -> None:
        """Put the object, over what was there."""

    def copy(self, source: str, target: str) -> None:
        """Put what is at `source` at `target`, over what was there; raises MissingObjectError without a source."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these objects; those that are gone already do not matter."""

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        """Paths by which Spark reads these objects; from then on, `files` can read them, too."""

    def writable(self, prefix: str) -> str:
        """The path at which Spark writes what is to be under `prefix`."""

    def written(self, prefix: str) -> Sequence[str]:
        """The keys of the data that Spark wrote at `writable(prefix)`, or a worker below it, now in the lake."""

    def files(self) -> Files:
        """The objects for Spark's workers."""


class DirectoryLake:
    """A lake in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.uri = self._root.as_uri()

    def list(self, prefix: str) -> Iterator[Stored]:
        folder = (self._root / prefix) if prefix.endswith("/") else (self._root / prefix).parent
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            key, state = path.relative_to(self._root).as_posix(), path.stat()
            if key.startswith(prefix):
                yield Stored(key, state.st_size, f"{state.st_size}-{state.st_mtime_ns}")

    def folder(self, prefix: str) -> tuple[Sequence[Stored], Sequence[str]]:
        folder = self._root / prefix
        here = sorted(folder.iterdir()) if folder.exists() else []
        files = [(path, path.stat()) for path in here if path.is_file()]
        stored = [Stored(f"{prefix}{path.name}", s.st_size, f"{s.st_size}-{s.st_mtime_ns}") for path, s in files]
        return stored, [f"{prefix}{path.name}/" for path in here if path.is_dir()]

    def read(self, key: str) -> bytes | None:
        path = self._root / key
        return path.read_bytes() if path.exists() else None

    def open(self, key: str) -> BinaryIO:
        return (self._root / key).open("rb")

    def read_version(self, key: str) -> Content | None:
        content = self.read(key)
        return None if content is None else Content(content, sha256(content).hexdigest())

    def swap(self, key: str, content: bytes, version: str | None) -> str | None:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            there = self.read_version(key)
            if (there.version if there else None) != version:
                return None
            self._put(key, content)
        return sha256(content).hexdigest()

    def write(self, key: str, content: bytes) -> None:
        self._put(key, content)

    def _put(self, key: str, content: bytes) -> None:
        half = self._half(key)
        half.write_bytes(content)
        half.replace(self._root / key)

    def copy(self, source: str, target: str) -> None:
        if not (self._root / source).exists():
            raise MissingObjectError(f"{self.uri}/{source}")
        half = self._half(target)
        shutil.copyfile(self._root / source, half)
        half.replace(self._root / target)

    def _half(self, key: str) -> Path:
        """Where nobody looks for objects, however many are written at once."""
        (self._root / key).parent.mkdir(parents=True, exist_ok=True)
        halves = self._root / ".halves"
        halves.mkdir(exist_ok=True)
        return halves / f"{sha256(key.encode()).hexdigest()}.{os.getpid()}.{get_ident()}"

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self._root / key).unlink(missing_ok=True)

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        return [str(self._root / key) for key in keys]

    def writable(self, prefix: str) -> str:
        return str(self._root / prefix)

    def written(self, prefix: str) -> Sequence[str]:
        return [stored.key for stored in self.list(f"{prefix}/") if stored.key.endswith(".parquet")]

    def files(self) -> Files:
        return DirectoryLake(self._root)

    def contents(self, keys: Sequence[str]) -> Sequence[bytes]:
        return [self._content(key) for key in keys]

    def _content(self, key: str) -> bytes:
        content = self.read(key)
        if content is None:
            raise MissingObjectError(f"{self.uri}/{key}")
        return content

    def parts(self, places: Sequence[Place]) -> Sequence[bytes]:
        return [self._part(place) for place in places]

    def _part(self, place: Place) -> bytes:
        with (self._root / place.key).open("rb") as stored:
            stored.seek(place.begin)
            return stored.read(place.size)
