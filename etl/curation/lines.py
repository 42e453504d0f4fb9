"""Lines of the raw zone's objects, as a worker reads them: all of an object, or none if it cannot be read whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

import numpy as np

from curation.files import Files

LINE_AT_MOST = 2**20  # characters; the bus takes no larger event
LINE_KEPT = 65536  # characters of a longer one

_AT_ONCE = 2**20  # bytes read
_IN_MEMORY = 8 * 2**20  # compressed bytes; a larger object is decompressed twice, once to see whether it can be
_GATHERED = 50_000  # lines
_GATHERED_BYTES = 64 * 2**20


@dataclass
class Lines:
    """Lines of some objects, none of them blank; there is no text where an object cannot be read, or is too long."""

    texts: list[bytes | None] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    too_long: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Of the lines that are: how they begin, and how many characters they have."""
    size: int = 0
    """Bytes of all texts."""
    _places: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def is_enough(self) -> bool:
        """Whether that is a good deal of work."""
        return len(self) >= _GATHERED or self.size >= _GATHERED_BYTES

    def add(self, key: str, texts: Sequence[bytes | None]) -> None:
        """Add lines of an object."""
        if not self.objects or self.objects[-1] != key:
            self.objects.append(key)
        for text in texts:
            if text is not None and len(text) > LINE_AT_MOST and len(long := readable(text)) > LINE_AT_MOST:
                self.too_long[len(self.texts)] = long[:LINE_KEPT], len(long)
                text = None
            self.texts.append(text)
            self._places.append(len(self.objects) - 1)
            self.size += len(text or b"")

    def places(self) -> np.ndarray:
        """Of each line, the number of its object."""
        return np.array(self._places, np.int64)


def readable(text: bytes) -> str:
    """The line's text; bytes that are no text are half surrogates, with which nothing is an event."""
    return text.decode(errors="surrogateescape")


def gathered(files: Files, objects: Iterable[tuple[str, int]]) -> Iterator[Lines]:
    """The lines of objects, of which there are key and size, many at a time."""
    lines = Lines()
    for key, size in objects:
        try:
            stream = _opened(files, key, size)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            lines.add(key, [None])
            continue
        with stream:
            for texts in _blocks(stream):
                lines.add(key, texts)
                if lines.is_enough:
                    yield lines
                    lines = Lines()
    if len(lines):
        yield lines


def _opened(files: Files, key: str, size: int) -> BinaryIO | gzip.GzipFile:
    """The object's content, decompressed; raises whatever gzip raises where it cannot be to its end."""
    if not key.endswith(".gz"):
        return files.open(key)
    if size <= _IN_MEMORY:
        with files.open(key) as stored:
            return BytesIO(gzip.decompress(stored.read()))
    with files.open(key) as stored, gzip.open(stored) as content:
        while content.read(_AT_ONCE):
            pass
    return gzip.open(files.open(key))


def _blocks(stream: BinaryIO | gzip.GzipFile) -> Iterator[list[bytes | None]]:
    begun: list[bytes] = []
    while chunk := stream.read(_AT_ONCE):
        whole, newline, rest = chunk.rpartition(b"\n")
        if newline:
            yield _lines(b"".join([*begun, whole]))
            begun = []
        begun.append(rest if newline else chunk)
    if last := b"".join(begun):
        yield _lines(last)


def _lines(block: bytes) -> list[bytes | None]:
    return [line for line in block.split(b"\n") if line.startswith(b"{") or line.strip()]
