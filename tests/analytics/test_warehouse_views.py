"""Row P20: the dashboard's views are Redshift's SQL and have the answers worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ops.curated import CuratedTables
from tests.analytics import known
from tests.analytics.redshift import problems_of_statement
from warehouse_setup.views import View, views

VIEWS = {view.name: view for view in views()}
# What each view holds of the history in `known.py`.
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "daily_revenue": [
        {"date": "2026-07-01", "paid_orders": 1, "captured": 360, "refunded": 0, "revenue": 360},
        {"date": "2026-09-15", "paid_orders": 1, "captured": 40, "refunded": 0, "revenue": 40},
        {"date": "2026-11-16", "paid_orders": 1, "captured": 50, "refunded": 0, "revenue": 50},
        {"date": "2026-11-17", "paid_orders": 2, "captured": 60, "refunded": 0, "revenue": 60},
        {"date": "2026-11-18", "paid_orders": 1, "captured": 50, "refunded": 50, "revenue": 0},
        {"date": "2026-11-19", "paid_orders": 1, "captured": 120, "refunded": 0, "revenue": 120},
    ],
    "daily_funnel": [  # v7; v1 and v6; v4; v2, v3 and v5
        {"date": "2026-10-01", "carts": 1, "ordered": 0, "paid": 0, "shipped": 0},
        {"date": "2026-11-16", "carts": 2, "ordered": 1, "paid": 1, "shipped": 1},
        {"date": "2026-11-17", "carts": 1, "ordered": 1, "paid": 1, "shipped": 0},
        {"date": "2026-11-18", "carts": 3, "ordered": 3, "paid": 2, "shipped": 2},
    ],
    "product_sales": [
        {"date": "2026-07-01", "sku": "LAMP", "name": "Lamp", "pieces": 9, "revenue": 360},
        {"date": "2026-09-15", "sku": "LAMP", "name": "Lamp", "pieces": 1, "revenue": 40},
        {"date": "2026-11-16", "sku": "MUG", "name": "Mug", "pieces": 5, "revenue": 50},
        {"date": "2026-11-17", "sku": "LAMP", "name": "Lamp", "pieces": 1, "revenue": 40},
        {"date": "2026-11-17", "sku": "MUG", "name": "Mug", "pieces": 2, "revenue": 20},
        {"date": "2026-11-18", "sku": "LAMP", "name": "Lamp", "pieces": 4, "revenue": 160},  # o2 1, o3 3
        {"date": "2026-11-18", "sku": "MUG", "name": "Mug", "pieces": 1, "revenue": 10},  # o5 was not paid
    ],
    "stock_cover": [
        {"sku": "LAMP", "name": "Lamp", "stock": 25, "sold": 5, "days_left": 140.0},
        {"sku": "MUG", "name": "Mug", "stock": 64, "sold": 3, "days_left": 597.3},
    ],
    "delivery_times": [
        {"date": "2026-07-02", "shipped": 1, "median_hours": 24.0, "p90_hours": 24.0},
        {"date": "2026-09-16", "shipped": 1, "median_hours": 24.0, "p90_hours": 24.0},
        {"date": "2026-11-18", "shipped": 1, "median_hours": 24.0, "p90_hours": 24.0},
        {"date": "2026-11-20", "shipped": 2, "median_hours": 39.5, "p90_hours": 47.5},  # o2 49.5 h, o3 29.5 h
    ],
}


@pytest.fixture(scope="module")
def curated(curated_history: Path) -> CuratedTables:
    """The known history as the job left it."""
    return CuratedTables(curated_history, now=known.NOW)


def test_p20_every_view_has_a_known_answer() -> None:
    assert set(VIEWS) == set(ANSWERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_p20_view_holds_the_answer_worked_out_by_hand(name: str, curated: CuratedTables) -> None:
    rows = curated.ask(VIEWS[name].query, "redshift")

    expected = ANSWERS[name]
    found = [{key: plain(row[key]) for key in expected[0]} for row in rows]
    assert sorted(found, key=lambda row: list(map(str, row.values()))) == expected
    assert all(row["currency"] == "EUR" for row in rows if "currency" in row)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_p20_view_is_one_that_redshift_takes(view: View) -> None:
    assert problems_of_statement(view.creation) == []
    assert view.creation.startswith(f"CREATE MATERIALIZED VIEW dashboard.{view.name} ")
    assert view.about


def plain(value: Any) -> Any:
    """Numbers as numbers: a decimal of Parquet is not a float of Python."""
    return float(value) if isinstance(value, Decimal) else value
