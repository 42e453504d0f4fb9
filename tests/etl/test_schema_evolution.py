"""A contract grows without a field being lost: before the job knows of it, and across files from before and after."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pyspark.sql import functions as f

from curation.tables import CURATED
from tests.etl.lakes import NOON, TestLake, carried, placed, raw

pytestmark = pytest.mark.slow


def grown(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The event with fields in its payload that the contract does not know."""
    return event | {"payload": event["payload"] | fields}


def test_unknown_fields_are_kept_as_they_came(lake: TestLake) -> None:
    added = {"gift": True, "note": 'to "you" {17}', "weight": 1.5, "tags": ["a", None], "size": {"x": 1}, "none": None}
    line = raw(placed())["payload"]["lines"][0]
    in_line = grown(raw(placed()), lines=[line | {"engraving": "A"}])
    lake.put(raw(placed()), grown(raw(placed()), **added), in_line, raw(placed()) | {"tenant": "north"})
    lake.put(carried(raw(placed())), carried(grown(raw(placed()), **added)), key="raw/orders/delivery.json.gz")

    lake.run()

    kept = [json.loads(row.unknown_fields or "null") for row in lake.table("orders").collect()]
    assert None in kept
    assert added in kept
    assert {"lines": [line | {"engraving": "A"}]} in kept
    assert {"tenant": "north"} in kept
    assert kept.count(added) == 2
    assert len(kept) == 6


def test_text_that_looks_like_a_field_is_no_unknown_field(lake: TestLake) -> None:
    lake.put(raw(placed(visit_id='"note":"x","y":')))

    lake.run()

    assert lake.rows("orders", "unknown_fields", "visit_id") == [(None, '"note":"x","y":')]


def test_files_of_yesterday_and_today_are_read_together(lake: TestLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.put(raw(placed(), occurred_at=NOON - timedelta(days=1)), raw(placed()))
    lake.run()
    orders = CURATED["orders"]
    rows = orders.rows
    today = replace(
        orders, columns={**orders.columns, "gift": "boolean"}, rows=lambda r: rows(r).withColumn("gift", f.lit(True))
    )
    monkeypatch.setitem(CURATED, "orders", today)
    lake.put(raw(placed()), key="raw/orders/date=2026-11-20/today.json")
    lake.run()

    assert sorted(map(str, lake.rows("orders", "date", "gift"))) == [
        "('2026-11-19', None)",
        "('2026-11-20', None)",
        "('2026-11-20', True)",
    ]
