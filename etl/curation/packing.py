"""Rows on their way between Spark's workers: those of one table and day together, packed as one value.

Spark moves few large values instead of many small rows, and looks into none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PACKED = "table string, date string, bucket int, rows binary, number long, misplaced long, ahead long"
_SCHEMA = pa.schema(
    [
        *(("table", pa.string()), ("date", pa.string()), ("bucket", pa.int32()), ("rows", pa.binary())),
        *((name, pa.int64()) for name in ("number", "misplaced", "ahead")),
    ]
)
_HASHED = 8  # characters of an id, which are random from the first on


class Packed(NamedTuple):
    """Rows of one table, day and bucket, and their number; of what was read, there are only numbers."""

    table: str
    date: str
    bucket: int
    rows: bytes | None
    number: int
    misplaced: int = 0
    ahead: int = 0


def batch_of(packed: Iterable[Packed]) -> pa.RecordBatch:
    """What Spark takes, in the columns of PACKED."""
    columns = zip(*packed, strict=True)
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def packed_in(batches: Iterable[pa.RecordBatch]) -> Iterator[Packed]:
    """What Spark gives back, one by one."""
    for batch in batches:
        yield from map(Packed._make, zip(*(column.to_pylist() for column in batch.columns), strict=True))


def pack(rows: pa.Table) -> bytes:
    """The rows as one value."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(packed: Iterable[Packed]) -> pa.Table:
    """All the rows, in one piece."""
    tables = [pa.ipc.open_stream(each.rows).read_all() for each in packed]
    return pa.concat_tables(tables).combine_chunks()


def by_day(table: str, key: str, rows: pa.Table, partition: str, buckets: int) -> Iterator[Packed]:
    """The rows, those of each day together, and by their key in so many buckets; the day is left out."""
    days = pc.unique(rows[partition]).to_pylist()
    for day in days:
        of_day = rows if len(days) == 1 else rows.filter(pc.equal(rows[partition], day))
        yield from by_bucket(table, day, key, of_day.drop_columns([partition]), buckets)


def by_bucket(table: str, day: str, key: str, rows: pa.Table, buckets: int) -> Iterator[Packed]:
    """The rows, by their key in so many buckets."""
    if buckets == 1:
        yield Packed(table, day, 0, pack(rows), len(rows))
        return
    numbers = _buckets(rows[key].combine_chunks(), buckets)
    for bucket in np.unique(numbers):
        chosen = rows.filter(pa.array(numbers == bucket))
        yield Packed(table, day, int(bucket), pack(chosen), len(chosen))


def _buckets(ids: pa.Array, buckets: int) -> np.ndarray:
    _, offsets, text = ids.buffers()
    begins = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids)]
    characters = np.frombuffer(text, np.uint8)
    hashed = np.zeros(len(ids), np.int64)
    for place in range(_HASHED):
        hashed = hashed * 31 + characters[begins + place]
    return hashed % buckets
