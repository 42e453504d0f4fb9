"""Days of tables, made whole: what a day held before, and of what came the rest. What Spark's workers do with days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.files import Files
from curation.packing import Place, unpacked
from curation.records import EVENTS
from curation.tables import IS_EVENT, PARTITION, Table

WRITTEN = (
    "table string, date string, keys array<string>, sizes array<long>, rows long, events long, known long, copies long"
)
_NUMBERS = ("rows", "events", "known", "copies")
_SCHEMA = pa.schema(
    [
        *(("table", pa.string()), ("date", pa.string())),
        *(("keys", pa.list_(pa.string())), ("sizes", pa.list_(pa.int64()))),
        *((name, pa.int64()) for name in _NUMBERS),
    ]
)


@dataclass(frozen=True)
class Days:
    """Writes days below `place`, for `mapInArrow`; `held` are the files that days consist of, by table and day.

    `parts` are days, each all the places where rows of one table, day and bucket lie; of the rows that Spark gives,
    each is the number of a part. A row of WRITTEN tells what was written for a day, how many rows and events that is
    more than before, how many of those given it held already, and how many came twice. Nothing is written where nothing
    is new. Of EVENTS it writes those that contradict an earlier one of their id.
    """

    tables: Mapping[str, Table]
    files: Files
    place: str
    held: Mapping[tuple[str, str], Sequence[str]]
    buckets: int
    parts: Sequence[Sequence[tuple[str, str, Sequence[Place]]]]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What was written."""
        numbers = (number for batch in batches for number in batch.column(0).to_pylist())
        for table, date, places in (day for number in numbers for day in self.parts[number]):
            rows = unpacked(self.files.parts(places))
            written = self._contradicting(rows) if table == EVENTS else self._day(self.tables[table], date, rows)
            columns = [pa.array([value], of.type) for value, of in zip((table, date, *written), _SCHEMA, strict=True)]
            yield pa.record_batch(columns, schema=_SCHEMA)

    def _day(self, table: Table, date: str, given: pa.Table) -> tuple[Any, ...]:
        distinct = _first_of_each(table, given)
        keys = self.held.get((table.name, date), ())
        held = [_held(table, content) for content in self.files.contents(keys)]
        ids = [each[table.key] for each in held]
        new = distinct
        if held:
            known = pa.chunked_array([chunk for each in ids for chunk in each.chunks], pa.string())
            new = distinct.filter(pc.invert(pc.is_in(distinct[table.key], value_set=known)))
        numbers = (len(new), _events(new), _events(distinct) - _events(new), _events(given) - _events(distinct))
        if not len(new):
            return [], [], *numbers
        rows = pa.concat_tables([*held, new.drop_columns([IS_EVENT])])
        files = max(len(keys), self.buckets) if held else 1
        of_each = -(-len(rows) // files)
        parts = [rows.slice(begin, of_each) for begin in range(0, len(rows), of_each)]
        written = [self._write(f"{table.name}/{PARTITION}={date}", part) for part in parts]
        return [key for key, _ in written], [size for _, size in written], *numbers

    def _contradicting(self, events: pa.Table) -> tuple[Any, ...]:
        """All but the first event of each id, as the shop itself takes the first and no other."""
        codes = events["event_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        content, moments = events["content"].to_numpy(), events["occurred_at"].cast(pa.int64()).to_numpy()
        order = np.lexsort((content, moments, codes))
        codes, content = codes[order], content[order]
        is_first = np.append(True, codes[1:] != codes[:-1])
        of_first = content[np.maximum.accumulate(np.where(is_first, np.arange(len(codes)), 0))]
        others = order[content != of_first]
        if not len(others):
            return [], [], 0, 0, 0, 0
        key, size = self._write(EVENTS, events.take(pa.array(np.sort(others))))
        return [key], [size], len(others), 0, 0, 0

    def _write(self, folder: str, rows: pa.Table) -> tuple[str, int]:
        """The key and the size of a file of these rows."""
        sink = BytesIO()
        pq.write_table(rows, sink, compression="zstd")
        content, key = sink.getvalue(), f"{self.place}/{folder}/part-{uuid4()}.parquet"
        self.files.write(key, content)
        return key, len(content)


def _held(table: Table, content: bytes) -> pa.Table:
    """The rows of a file in the table's columns of today: what an older file lacks is null."""
    rows = pq.read_table(BytesIO(content), partitioning=None)
    columns = [
        rows[of.name].cast(of.type) if of.name in rows.column_names else pa.nulls(len(rows), of.type)
        for of in table.schema
    ]
    return pa.table(columns, schema=table.schema)


def _first_of_each(table: Table, rows: pa.Table) -> pa.Table:
    """Each event once, whose copies are all alike; of a table with several rows for one, each of them."""
    codes = rows[table.key].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    if table.has_lines:
        lines = rows["line_number"].to_numpy()
        codes = codes * (int(lines.max()) + 1) + lines
    _, first = np.unique(codes, return_index=True)
    return rows if len(first) == len(rows) else rows.take(pa.array(np.sort(first)))


def _events(rows: pa.Table) -> int:
    return int(pc.sum(rows[IS_EVENT]).as_py() or 0)
