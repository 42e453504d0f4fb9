"""How Arrow reads lines: events as a consumer archives them, or as the bus carries them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import cache

import pyarrow as pa
from pyarrow.json import ParseOptions, ReadOptions, read_json

from curation.contracts import BUS, CONTRACTS, ENVELOPE, INSIDE, LINES, MONEY, Kind

_TEXT = pa.string()
_MONEY = pa.struct([(name, _TEXT) for name in MONEY])
_SIMPLE = {
    **dict.fromkeys((Kind.UUID, Kind.TEXT, Kind.NAME), _TEXT),
    **dict.fromkeys((Kind.INTEGER, Kind.QUANTITY, Kind.COUNT), pa.int32()),
    Kind.FLAG: pa.bool_(),
    Kind.MONEY: _MONEY,
    Kind.TEXTS: pa.list_(_TEXT),
}


class Wrapping(Enum):
    """What is around an event in its line: nothing but its type and source, or all that the bus adds."""

    ARCHIVED = auto()
    CARRIED = auto()


def parsed(
    kind: str, wrapping: Wrapping, lines: Sequence[bytes], *, numbers: Sequence[int], unknown: Sequence[str | None]
) -> pa.RecordBatch:
    """A row for each line: its `number` and `unknown_fields`, as given, and what is in the envelope.

    What is not there is null. Raises ArrowInvalid where a line is no single JSON object so wrapped, has a name that
    such an event has not, or one twice, or a value of another type; where text is not UTF-8.
    """
    text = b"\n".join(lines)
    table = read_json(
        pa.BufferReader(text),
        ReadOptions(use_threads=False, block_size=len(text) + 1),
        ParseOptions(explicit_schema=_schema(kind, wrapping), unexpected_field_behavior="error"),
    )
    table.validate(full=True)
    if len(table) != len(lines):
        raise pa.ArrowInvalid(f"{len(lines)} lines hold {len(table)} objects")
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    is_carried = wrapping is Wrapping.CARRIED
    inside = columns["detail"].flatten() if is_carried else [columns[name] for name in INSIDE]
    return pa.record_batch(
        [pa.array(numbers, pa.int64()), pa.array(unknown, _TEXT), *inside], names=["number", "unknown_fields", *INSIDE]
    )


@cache
def _schema(kind: str, wrapping: Wrapping) -> pa.Schema:
    payload = pa.struct([(name, _type(of_kind)) for name, of_kind, _ in CONTRACTS[kind].fields()])
    envelope = _texts(ENVELOPE) | {"payload": payload}
    if wrapping is Wrapping.ARCHIVED:
        return pa.schema(envelope)
    inside = pa.struct([(name, envelope[name]) for name in INSIDE])
    return pa.schema(_texts(BUS) | {"resources": pa.list_(_TEXT), "detail": inside})


def _texts(names: Sequence[str]) -> dict[str, pa.DataType]:
    return dict.fromkeys(names, _TEXT)


def _type(kind: Kind) -> pa.DataType:
    if kind in LINES:
        return pa.list_(pa.struct([(name, _type(of_kind)) for name, of_kind in LINES[kind].items()]))
    return _SIMPLE[kind]
