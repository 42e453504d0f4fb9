"""The page of a shop of few days or several currencies says what is there, and adds nothing that does not add up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from typer import Typer
from typer.testing import CliRunner

from ops.curated import CuratedTables
from ops.insights import __main__ as insights
from ops.insights import charts
from ops.insights.figures import Figures, figures
from ops.insights.page import page
from tests.analytics import known
from tests.analytics.rows import put
from tests.browser import launch

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


def revenue(days: int) -> list[dict[str, Any]]:
    return [{"date": f"2026-11-{day:02}", "revenue": 10.0 * day} for day in range(1, days + 1)]


@pytest.mark.parametrize(("days", "line"), [(1, False), (6, False), (7, True)])
def test_line_is_drawn_when_seven_days_have_a_mean(days: int, line: bool) -> None:
    assert ('aria-roledescription="line mark"' in charts.revenue(revenue(days), "EUR")) is line


def test_one_day_is_one_day_without_a_line(abroad: Path, tmp_path: Path) -> None:
    application = Typer()
    application.command()(insights.main)
    target = tmp_path / "page.html"
    told = CliRunner().invoke(application, ["--curated", str(abroad), "--output", str(target)]).output
    html = target.read_text()

    assert "1 day in pictures" in told
    assert f"180.00 EUR on {DAY}, the only day." in html
    assert "mean of seven days" not in html
    assert f"<p>{DAY} · files of" in html


def test_what_has_no_stock_left_is_as_red_as_what_has_little() -> None:
    rows = [{"label": name, "days_left": days} for name, days in (("Lamp", 0.0), ("Mug", 6.5), ("Board", 20.0))]
    picture = charts.ranking(rows, value="days_left", title="days", alarming=True)
    numbers = {text: fill for fill, text in re.findall(r'<text [^>]*fill="([^"]*)"[^>]*>([^<]*)</text>', picture)}

    edges = dict(re.findall(r'aria-label="days: ([^;]*);[^>]*stroke="([^"]*)"', picture))

    assert edges == {"0": charts.BAD, "6.5": charts.BAD, "20": charts.MAIN}
    assert numbers["0"] == numbers["6.5"] == charts.BAD
    assert {numbers["20"]} == {charts.INK}


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 900, 1400])
def test_tiles_are_of_one_width(width: int, abroad: Path, tmp_path: Path) -> None:
    for number, currency in enumerate(("GBP", "CHF")):
        sell(abroad, f"more {number}", "MUG", "Mug", 1234567, currency)
    (tmp_path / "page.html").write_text(html_of(figures(CuratedTables(abroad))))
    with sync_playwright() as playwright, launch(playwright) as browser:
        seen = browser.new_page(viewport={"width": width, "height": 800})
        seen.goto((tmp_path / "page.html").as_uri())
        widths = seen.locator(".tiles li").evaluate_all("tiles => tiles.map(tile => Math.round(tile.offsetWidth))")
        inside = seen.locator(".tiles strong").evaluate_all(
            "all => all.every(one => one.scrollWidth <= one.offsetWidth)"
        )

    assert len(widths) == 6
    assert max(widths) - min(widths) <= 1
    assert inside
