"""The page of a shop of few days or several currencies says what is there, and adds nothing that does not add up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops.curated import CuratedTables
from ops.insights.figures import Figures, figures
from ops.insights.page import page
from tests.analytics import known
from tests.analytics.rows import put

DAY = "2026-11-18"


def sell(directory: Path, order: str, sku: str, name: str, amount: int, currency: str, day: str = DAY) -> None:
    """One piece, ordered and paid."""
    item = {"order_id": order, "sku": sku, "name": name, "quantity": 1, "line_total": amount, "currency": currency}
    put(directory, "order_items", day, item)
    payment = {"order_id": order, "status": "CAPTURED", "amount": amount, "currency": currency}
    put(directory, "payments", day, payment)


@pytest.fixture
def abroad(tmp_path: Path) -> Path:
    """Two products of one name in two currencies, one of them in both."""
    sell(tmp_path, "o1", "LAMP", "Lamp", 100, "EUR")
    sell(tmp_path, "o2", "LAMP-2", "Lamp", 70, "EUR")
    sell(tmp_path, "o3", "MUG", "Mug", 10, "EUR")
    sell(tmp_path, "o4", "LAMP", "Lamp", 900, "USD")
    return tmp_path


def html_of(found: Figures) -> str:
    return page(found, source="a test", made_at=known.NOW)


def bars(picture: str) -> list[str]:
    """What each bar of a ranking is told to be."""
    return re.findall(r'aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="bar"', picture)


def test_currencies_have_a_ranking_each_and_the_one_of_most_orders_is_first(abroad: Path) -> None:
    found = figures(CuratedTables(abroad))
    html = html_of(found)

    assert list(found.revenue) == list(found.products) == ["EUR", "USD"]
    assert [(row["sku"], row["revenue"]) for row in found.products["EUR"]] == [
        ("LAMP", 100),
        ("LAMP-2", 70),
        ("MUG", 10),
    ]
    assert [(row["sku"], row["revenue"]) for row in found.products["USD"]] == [("LAMP", 900)]
    assert "Lamp (LAMP): 100.00 EUR from 1 piece, the most." in html
    assert "Lamp: 900.00 USD from 1 piece, the most." in html
    assert "180 EUR</strong>" in html
    assert "900 USD</strong>" in html
    assert "1,080" not in html


def test_products_of_one_name_are_bars_of_their_own_in_a_currency_that_is_named(abroad: Path) -> None:
    euros, dollars = (
        panel for panel in html_of(figures(CuratedTables(abroad))).split("<figure>") if "Best-selling" in panel
    )

    assert bars(euros) == [
        "revenue of paid orders, EUR: 100; label: Lamp (LAMP)",
        "revenue of paid orders, EUR: 70; label: Lamp (LAMP-2)",
        "revenue of paid orders, EUR: 10; label: Mug",
    ]
    assert bars(dollars) == ["revenue of paid orders, USD: 900; label: Lamp"]


def test_every_amount_in_a_table_has_its_currency(abroad: Path) -> None:
    headings = re.findall(r'<th scope="col">([^<]*)</th>', html_of(figures(CuratedTables(abroad))))
    amounts = [heading for heading in headings if heading.startswith(("Revenue", "Taken", "Given back"))]

    assert len(amounts) == 8
    assert all(heading.endswith((", EUR", ", USD")) for heading in amounts)
