"""Row P19: the questions that analysts ask first, as the template deploys them, have the answers worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from ops.curated import CuratedTables, columns_of_tables
from tests.analytics import known
from tests.infrastructure.synthesis import Synthesized

# What each query answers about the history in `known.py`; the arithmetic is in the comments there and here.
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "revenue-per-day": [
        {"date": "2026-11-19", "paid_orders": 1, "captured": 120, "refunded": 0, "revenue": 120},
        {"date": "2026-11-18", "paid_orders": 1, "captured": 50, "refunded": 50, "revenue": 0},
        {"date": "2026-11-17", "paid_orders": 2, "captured": 60, "refunded": 0, "revenue": 60},
        {"date": "2026-11-16", "paid_orders": 1, "captured": 50, "refunded": 0, "revenue": 50},
    ],
    "conversion": [  # by the day of the first cart: v2, v3, v5; v4; v1, v6
        {"date": "2026-11-18", "carts": 3, "ordered": 3, "paid": 2, "paid_percent": 66.7},
        {"date": "2026-11-17", "carts": 1, "ordered": 1, "paid": 1, "paid_percent": 100.0},
        {"date": "2026-11-16", "carts": 2, "ordered": 1, "paid": 1, "paid_percent": 50.0},
    ],
    "top-products": [
        {"sku": "MUG", "name": "Mug", "pieces": 8, "revenue": 80},  # o1 2, o2 1, o6 5; o5 was not paid
        {"sku": "LAMP", "name": "Lamp", "pieces": 5, "revenue": 200},  # o2 1, o3 3, o4 1
    ],
    "stock-cover": [
        # 30 in October, 5 sold since: 25 pieces at 5 in 28 days
        {"sku": "LAMP", "name": "Lamp", "stock": 25, "sold": 5, "days_left": 140.0},
        # 60 counted, then 2 reserved and 6 released: 64 pieces; 9 reserved and 6 released in 28 days: 3 sold
        {"sku": "MUG", "name": "Mug", "stock": 64, "sold": 3, "days_left": 597.3},
    ],
    "late-shipments": [
        {"order_id": str(known.id_of("o4")), "shipped_at": None, "hours": 69.0},
        {
            "order_id": str(known.id_of("o2")),
            "shipped_at": known.at("11-20T10:30").replace(tzinfo=None),
            "hours": 49.5,
        },
    ],
    "repeat-customers": [  # ada: o1, o2, o7; bob: o4; guests are nobody
        {"customers": 2, "repeat_customers": 1, "repeat_percent": 50.0, "revenue": 150, "repeat_revenue": 110},
    ],
    "failed-payments": [  # o5 was worth 10 EUR and o9 45 USD; o2 was paid that day, so each is a third of the attempts
        {"date": "2026-11-18", "currency": "EUR", "declined": 1, "amount": 10, "percent_of_attempts": 33.3},
        {"date": "2026-11-18", "currency": "USD", "declined": 1, "amount": 45, "percent_of_attempts": 33.3},
    ],
    "basket-size": [
        {"pieces": 1, "currency": "EUR", "orders": 2, "average_order": 25},  # o4 40, o5 10
        {"pieces": 1, "currency": "USD", "orders": 1, "average_order": 45},  # o9
        {"pieces": 2, "currency": "EUR", "orders": 2, "average_order": 35},  # o1 20, o2 50
        {"pieces": 3, "currency": "EUR", "orders": 1, "average_order": 120},
        {"pieces": 5, "currency": "EUR", "orders": 1, "average_order": 50},
    ],
    "orders-per-hour": [
        {"hour": 8, "currency": "EUR", "orders": 1, "total": 50},
        {"hour": 9, "currency": "EUR", "orders": 2, "total": 70},
        {"hour": 10, "currency": "EUR", "orders": 1, "total": 10},
        {"hour": 14, "currency": "USD", "orders": 1, "total": 45},
        {"hour": 15, "currency": "EUR", "orders": 1, "total": 40},
        {"hour": 23, "currency": "EUR", "orders": 1, "total": 120},
    ],
    "bought-together": [{"sku": "LAMP", "bought_with": "MUG", "orders": 1}],
}
# Tables that a query reads in whole, and why.
READ_IN_WHOLE = {
    ("stock-cover", "curated_products"): "a product may have changed last years ago; there are few changes",
    ("stock-cover", "curated_inventory_movements"): "stock is the last count and everything since",
}


@pytest.fixture(scope="module")
def curated(curated_history: Path) -> CuratedTables:
    """The known history as the job left it, asked at its noon."""
    return CuratedTables(curated_history, now=known.NOW)


@pytest.fixture(scope="module")
def named_queries(platforms: Callable[[str], Synthesized]) -> dict[str, dict[str, Any]]:
    """Every named query of the template, by name."""
    return {query["Name"]: query for query in platforms("dev").properties("AWS::Athena::NamedQuery")}


def test_p19_every_deployed_query_has_a_known_answer(named_queries: dict[str, dict[str, Any]]) -> None:
    assert set(named_queries) == set(ANSWERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_p19_query_gives_the_answer_worked_out_by_hand(
    name: str, named_queries: dict[str, dict[str, Any]], curated: CuratedTables
) -> None:
    rows = curated.ask(named_queries[name]["QueryString"], "athena")

    expected = ANSWERS[name]
    assert [{key: plain(row[key]) for key in expected[0]} for row in rows] == expected
    assert "currency" in expected[0] or all(row["currency"] == "EUR" for row in rows if "currency" in row)


@pytest.mark.parametrize("name", ANSWERS)
def test_p19_query_of_an_empty_lake_is_no_error(
    name: str, named_queries: dict[str, dict[str, Any]], tmp_path: Any
) -> None:
    assert CuratedTables(tmp_path, now=known.NOW).ask(named_queries[name]["QueryString"], "athena") == []


@pytest.mark.parametrize("name", ANSWERS)
def test_p19_query_reads_only_the_days_it_needs(name: str, named_queries: dict[str, dict[str, Any]]) -> None:
    text = named_queries[name]["QueryString"]
    for select in sqlglot.parse_one(text, dialect="athena").find_all(exp.Select):
        table = select.args["from_"].this
        if isinstance(table, exp.Table) and (name, table.name) not in READ_IN_WHOLE and table.name.startswith("cur"):
            assert re.search(r'"date" >= DATE_FORMAT\(CURRENT_DATE - ', select.args["where"].sql(dialect="athena")), (
                table
            )
    assert text.startswith(f"-- {named_queries[name]['Description']}\n")


def test_p19_queries_name_only_tables_that_there_are(named_queries: dict[str, dict[str, Any]]) -> None:
    ours = {f"curated_{name}" for name in columns_of_tables()}
    for query in named_queries.values():
        parsed = sqlglot.parse_one(query["QueryString"], dialect="athena")
        own = {expression.alias for expression in parsed.find_all(exp.CTE)}
        assert {table.name for table in parsed.find_all(exp.Table)} <= ours | own


def plain(value: Any) -> Any:
    """Numbers as numbers: a decimal of Parquet is not a float of Python."""
    return float(value) if isinstance(value, Decimal) else value
