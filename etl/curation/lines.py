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
_IN_MEMORY = 8 * 2**20  # bytes; a larger object is decompressed twice, once to see whether it can be
_OBJECTS = 256  # that are read at once, for each takes a while to answer
_GATHERED = 50_000  # lines
_GATHERED_BYTES = 64 * 2**20
_GZIP = ".gz"
_NOT_WHOLE = (EOFError, gzip.BadGzipFile, zlib.error)

Stream = BinaryIO | gzip.GzipFile


@dataclass
class Lines:
    """Lines of some objects, none of blanks alone; there is no text where an object cannot be read, or is too long."""

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
    for key, content in _contents(files, objects):
        if content is None:
            lines.add(key, [None])
            continue
        with content:
            for texts in _blocks(content):
                lines.add(key, texts)
                if lines.is_enough:
                    yield lines
                    lines = Lines()
    if len(lines):
        yield lines


def _contents(files: Files, objects: Iterable[tuple[str, int]]) -> Iterator[tuple[str, Stream | None]]:
    """Each object and what it holds, decompressed; None where it cannot be decompressed to its end."""
    for keys, size in _together(objects):
        if size > _IN_MEMORY:
            yield from ((key, _opened(files, key)) for key in keys)
        else:
            yield from zip(keys, map(_decompressed, keys, files.contents(keys)), strict=True)


def _together(objects: Iterable[tuple[str, int]]) -> Iterator[tuple[list[str], int]]:
    """Keys and size of some objects that are read at once, or of one that is larger."""
    keys: list[str] = []
    size = 0
    for key, of_object in objects:
        if keys and (len(keys) == _OBJECTS or size + of_object > _IN_MEMORY):
            yield keys, size
            keys, size = [], 0
        keys.append(key)
        size += of_object
    if keys:
        yield keys, size


def _decompressed(key: str, content: bytes) -> Stream | None:
    try:
        return BytesIO(gzip.decompress(content) if key.endswith(_GZIP) else content)
    except _NOT_WHOLE:
        return None


def _opened(files: Files, key: str) -> Stream | None:
    if not key.endswith(_GZIP):
        return files.open(key)
    try:
        with files.open(key) as stored, gzip.open(stored) as content:
            while content.read(_AT_ONCE):
                pass
    except _NOT_WHOLE:
        return None
    return gzip.open(files.open(key))


def _blocks(stream: Stream) -> Iterator[list[bytes | None]]:
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
