"""Work is parted so that nobody waits long for another, and nothing is left out."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.packing import Package, by_bucket, by_day, unpacked
from curation.parts import evenly

SIZES = st.lists(st.integers(1, 1000), max_size=50)


@given(SIZES, st.integers(1, 10))
def test_parts_hold_everything_once_and_differ_by_one_piece_at_most(sizes: list[int], at_most: int) -> None:
    parts = evenly(list(enumerate(sizes)), at_most)

    assert sorted(number for part in parts for number in part) == list(range(len(sizes)))
    assert len(parts) <= at_most
    assert all(parts)
    loads = [sum(sizes[number] for number in part) for part in parts]
    assert max(loads, default=0) - min(loads, default=0) <= max(sizes, default=0)


def test_rows_of_a_package_are_found_at_their_places() -> None:
    ids = [f"{number:08x}-{number}" for number in range(100)]
    rows = pa.table({"id": ids, "date": [f"2026-11-{number % 3 + 1:02}" for number in range(100)]})
    package = Package("key")
    packed = [
        package.add("orders", day, bucket, some)
        for day, of_day in by_day(rows, "date")
        for bucket, some in by_bucket(of_day, "id", 4)
    ]
    content = package.content()

    assert len(packed) > 6
    assert sum(each.number for each in packed) == 100
    found = unpacked(content[each.begin : each.begin + each.size] for each in packed)
    assert sorted(found["id"].to_pylist()) == sorted(ids)
    assert found.column_names == ["id"]
