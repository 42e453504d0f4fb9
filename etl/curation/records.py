"""Lines of the raw zone as rows of tables, many at a time: what Spark's workers do with their part of the lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.columns import MOMENT, Columns
from curation.contracts import CONTRACTS
from curation.events import Broken, read
from curation.files import Files
from curation.ledger import RAW
from curation.lines import LINE_KEPT, Lines, gathered, readable
from curation.packing import Package, Packed, batch_of, by_bucket, by_day
from curation.rebuild import UNDATED
from curation.tables import PARTITION, QUARANTINE, Table
from curation.verdict import TOO_LONG, Limits

EVENTS = "events"  # packed beside the tables: id, moment and content of every event
READ = "read"  # and how many lines there were
CONTRADICTS = "event_id is that of another event"

_DAY = re.compile(r"/date=(\d{4}-\d\d-\d\d)/")


@dataclass(frozen=True)
class Records:
    """Makes packages of rows, below `place`, of the lines of objects, for `mapInArrow`.

    `parts` are objects, a key and a size each; of the rows that Spark gives, each is the number of a part. Events are
    broken that are in the `contradicting` files, an id and a content each.
    """

    tables: Mapping[str, Table]
    limits: Limits
    run: str
    files: Files
    parts: Sequence[Sequence[tuple[str, int]]]
    place: str
    buckets: int
    buckets_of_events: int
    contradicting: Sequence[str] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Where the rows of each table and day lie, and EVENTS, and how many lines were READ."""
        contradicting = {pair for content in self.files.contents(self.contradicting) for pair in _pairs(content)}
        for part in (number for batch in batches for number in batch.column(0).to_pylist()):
            for lines in gathered(self.files, self.parts[part]):
                package = Package(f"{self.place}/{uuid4()}.arrow")
                packed = batch_of(self._packed(lines, contradicting, package))
                self.files.write(package.key, package.content())
                yield packed

    def _packed(self, lines: Lines, contradicting: Set[tuple[str, int]], package: Package) -> Iterator[Packed]:
        rows: defaultdict[str, list[pa.Table]] = defaultdict(list)
        misplaced = ahead = 0
        now = pa.scalar(self.limits.now, MOMENT)
        prefixes = np.array([_prefix(key) for key in lines.objects], object)[lines.places()]
        events, broken = read(lines.texts, self.limits)
        if contradicting:
            events, others = _consistent(events, contradicting)
            broken += others
        if broken:
            rows[QUARANTINE].append(self._broken(lines, broken))
        for each in events:
            misplaced += int(np.sum(prefixes[each.numbers] != CONTRACTS[each.kind].prefix))
            ahead += pc.sum(pc.greater(each.occurred_at, now)).as_py()
            rows[EVENTS].append(_identities(each))
            for table in self.tables.values():
                if each.kind in table.rows:
                    rows[table.name].append(table.of(each))
        for name, tables in rows.items():
            together = pa.concat_tables(tables)
            if name == EVENTS:
                for bucket, some in by_bucket(together, "event_id", self.buckets_of_events):
                    yield package.add(EVENTS, "", bucket, some)
                continue
            for day, of_day in by_day(together, PARTITION):
                for bucket, some in by_bucket(of_day, self.tables[name].key, self.buckets):
                    yield package.add(name, day, bucket, some)
        yield Packed(READ, "", 0, len(lines), misplaced=misplaced, ahead=ahead)

    def _broken(self, lines: Lines, broken: Sequence[Broken]) -> pa.Table:
        rows: defaultdict[str, list[Any]] = defaultdict(list)
        places = lines.places()
        for each in broken:
            key, text = lines.objects[places[each.number]], lines.texts[each.number]
            start, characters = lines.too_long.get(each.number, (None if text is None else readable(text), 0))
            content = None if start is None else start.encode(errors="replace")
            identity = f"{_prefix(key)}/{key if content is None else content.decode()}{characters or ''}"
            day = _DAY.search(key)
            row = {
                "record_id": sha256(identity.encode()).hexdigest(),
                "reason": TOO_LONG if characters else each.reason,
                "object": key,
                "prefix": _prefix(key),
                "detail_type": each.detail_type,
                "bytes": characters or (None if content is None else len(content)),
                "record": None if content is None else content.decode()[:LINE_KEPT],
                PARTITION: day[1] if day else UNDATED,
            }
            for name, value in row.items():
                rows[name].append(value)
        return self.tables[QUARANTINE].holding({**rows, "run": self.run}, len(broken))


def _prefix(key: str) -> str:
    """The folder of the raw zone."""
    return key.removeprefix(RAW).partition("/")[0]


def _pairs(content: bytes) -> Iterator[tuple[str, int]]:
    rows = pq.read_table(BytesIO(content))
    return zip(rows["event_id"].to_pylist(), rows["content"].to_pylist(), strict=True)


def _consistent(events: Iterable[Columns], contradicting: Set[tuple[str, int]]) -> tuple[list[Columns], list[Broken]]:
    """The events without those that contradict another, and these."""
    found, broken = [], []
    for each in events:
        pairs = zip(each.event_id.to_pylist(), each.content.tolist(), strict=True)
        sound = np.array([pair not in contradicting for pair in pairs])
        broken += [Broken(number, CONTRADICTS, each.kind) for number in each.numbers[~sound].tolist()]
        if sound.any():
            found.append(each.where(sound))
    return found, broken


def _identities(events: Columns) -> pa.Table:
    columns = {"event_id": events.event_id, "occurred_at": events.occurred_at, "content": pa.array(events.content)}
    return pa.table(columns)
