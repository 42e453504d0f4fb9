"""Rows on their way from the workers that read to those that write: in the lake, those of a table and day together.

Spark hears where they lie and moves none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PACKED = (
    "table string, date string, bucket int, number long, key string, begin long, size long, misplaced long, ahead long"
)
_SCHEMA = pa.schema(
    [
        *(("table", pa.string()), ("date", pa.string()), ("bucket", pa.int32()), ("number", pa.int64())),
        *(("key", pa.string()), ("begin", pa.int64()), ("size", pa.int64())),
        *(("misplaced", pa.int64()), ("ahead", pa.int64())),
    ]
)
_HASHED = 8  # characters of an id, which are random from the first on


class Place(NamedTuple):
    """A part of an object."""

    key: str
    begin: int
    size: int


class Packed(NamedTuple):
    """So many rows of one table, day and bucket, and where they lie; of what was read, there are only numbers."""

    table: str
    date: str
    bucket: int
    number: int
    key: str = ""
    begin: int = 0
    size: int = 0
    misplaced: int = 0
    ahead: int = 0

    @property
    def place(self) -> Place:
        """Where the rows lie."""
        return Place(self.key, self.begin, self.size)


class Package:
    """Rows of some tables and days, on their way to the object `key`."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._sink = BytesIO()

    def add(self, table: str, date: str, bucket: int, rows: pa.Table) -> Packed:
        """The rows, at their place."""
        begin = self._sink.tell()
        with pa.ipc.new_stream(self._sink, rows.schema) as stream:
            stream.write_table(rows)
        return Packed(table, date, bucket, len(rows), self.key, begin, self._sink.tell() - begin)

    def content(self) -> bytes:
        """What the object holds."""
        return self._sink.getvalue()


def unpacked(contents: Iterable[bytes]) -> pa.Table:
    """All the rows, in one piece."""
    return pa.concat_tables([pa.ipc.open_stream(each).read_all() for each in contents]).combine_chunks()


def batch_of(packed: Iterable[Packed]) -> pa.RecordBatch:
    """What Spark takes, in the columns of PACKED."""
    columns = zip(*packed, strict=True)
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def by_day(rows: pa.Table, partition: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each day, without the day."""
    days = pc.unique(rows[partition]).to_pylist()
    for day in days:
        of_day = rows if len(days) == 1 else rows.filter(pc.equal(rows[partition], day))
        yield day, of_day.drop_columns([partition])


def by_bucket(rows: pa.Table, key: str, buckets: int) -> Iterator[tuple[int, pa.Table]]:
    """The rows, by their key in so many buckets."""
    if buckets == 1:
        yield 0, rows
        return
    numbers = _buckets(rows[key].combine_chunks(), buckets)
    for bucket in np.unique(numbers):
        yield int(bucket), rows.filter(pa.array(numbers == bucket))


def _buckets(ids: pa.Array, buckets: int) -> np.ndarray:
    _, offsets, text = ids.buffers()
    begins = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids)]
    characters = np.frombuffer(text, np.uint8)
    hashed = np.zeros(len(ids), np.int64)
    for place in range(_HASHED):
        hashed = hashed * 31 + characters[begins + place]
    return hashed % buckets
