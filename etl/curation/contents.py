"""What events say, in a number each, to tell events of one id apart."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Bytes that no text has, so that nobody can say two things in the same bytes.
_NEXT, _ELEMENT, _NOTHING = (pa.scalar(each, pa.binary()) for each in (b"\xff", b"\xfe", b"\xfd"))


def digests(kind: str, events: pa.RecordBatch, moments: pa.Array) -> np.ndarray:
    """A number for each sound event; two that differ in anything share one in four thousand million times."""
    said = _joined([_said(events["correlation_id"]), _said(events["payload"])])
    begun = crc32(kind.encode())
    numbers = np.array([crc32(each, begun) for each in said.to_pylist()], np.int64)
    numbers ^= moments.cast(pa.int64()).to_numpy() << 20
    return numbers


def _said(values: pa.Array) -> pa.Array:
    """The bytes for each value that no other value of its type has."""
    if pa.types.is_struct(values.type):
        return _joined([_said(each) for each in values.flatten()])
    if pa.types.is_list(values.type):
        counts = pc.list_value_length(values).to_numpy()
        elements = pc.binary_join_element_wise(_ELEMENT, _said(values.flatten()), b"")
        offsets = pa.array(np.append(0, np.cumsum(counts)), pa.int32())
        return pc.binary_join(pa.ListArray.from_arrays(offsets, elements), b"")
    return pc.fill_null(values.cast(pa.string()).cast(pa.binary()), _NOTHING)


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, _NEXT)
