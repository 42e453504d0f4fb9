"""Columns are only ever added at the end: older partitions declare the first of them, and Athena compares by place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.tables import BROKEN, CURATED, Table

SHIPPED = json.loads(Path(__file__).with_name("shipped_columns.json").read_text())


@pytest.mark.parametrize("table", [*CURATED.values(), BROKEN], ids=lambda table: table.name)
def test_table_begins_with_the_columns_that_were_shipped(table: Table) -> None:
    columns = [f"{name} {of_type}" for name, of_type in table.columns.items()]
    shipped = SHIPPED[table.catalog_name]

    assert columns[: len(shipped)] == shipped, (
        "old partitions have these columns in this order: add new ones at the end"
    )
    assert columns == shipped, "a new column ships with this change: add it to shipped_columns.json as well"
