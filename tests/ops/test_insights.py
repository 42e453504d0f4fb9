"""The page of pictures: right numbers, readable without seeing, in light and dark, and in need of nothing else."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import duckdb
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from typer import Typer
from typer.testing import CliRunner

from ops.curated import CuratedTables
from ops.insights import __main__ as insights
from ops.insights import told
from ops.insights.figures import Arrival, Figures, figures
from ops.insights.here import LakeHere, NoPlatformError
from ops.insights.page import page
from tests.analytics import known
from tests.browser import launch

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
ARRIVALS = [
    *(Arrival(f"e{n}", "raw/orders/", float(n)) for n in range(1, 11)),
    Arrival("e10", "raw/orders/", 2.0),  # a replay brought it a second time
    Arrival("p1", "raw/products/", 66.0),
]


@pytest.fixture
def found(curated_history: Path) -> Figures:
    return figures(CuratedTables(curated_history, now=known.NOW), ARRIVALS)


@pytest.fixture
def html(found: Figures) -> str:
    return page(found, source="a test", made_at=known.NOW)


@pytest.fixture
def command() -> Typer:
    application = Typer()
    application.command()(insights.main)
    return application


class Reader(HTMLParser):
    """Which elements there are, what they refer to, and the text outside of pictures and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.references: list[str] = []
        self.text: list[str] = []
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        self._silent += tag in ("svg", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("svg", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.text.append(data.strip())


@pytest.mark.slow
def test_numbers_are_those_worked_out_by_hand(html: str) -> None:
    text = " ".join(Reader(html).text)

    assert "630 EUR revenue, refunds taken off" in text  # 360 + 40 + 50 + 60 + 0 + 120
    assert "7 paid orders" in text
    assert "57% of visits with a cart paid" in text  # v1 to v4 of seven
    assert "Of 7 visits that filled a cart" in text
    assert "Lamp: 600.00 EUR from 15 pieces, the most." in text  # 9, 1, 1 and 4 at 40
    assert "Lamp lasts 140.0 days, the shortest." in text
    assert "Nine of ten events under raw/products/ were there 66 seconds after they happened." in text


@pytest.mark.slow
def test_an_event_that_came_twice_counts_when_it_came_first(found: Figures) -> None:
    orders, products = found.arrivals

    assert orders == {"prefix": "raw/orders/", "events": 10, "median": 4.0, "p90": 8.0, "slowest": 9.0}
    assert products["events"] == 1


@pytest.mark.slow
def test_days_without_revenue_are_shown_as_such(found: Figures) -> None:
    days = found.revenue["EUR"]

    assert len(days) == 142  # from July 1st to November 19th
    assert [row["revenue"] for row in days if row["date"] == "2026-08-01"] == [0]


@pytest.mark.slow
def test_every_picture_is_told_and_has_its_numbers_as_a_table(html: str) -> None:
    reader = Reader(html)

    assert reader.elements.count("figure") == 6
    for element in ("figcaption", "h2", "svg", "table", "summary"):
        assert reader.elements.count(element) == 6, element
    assert len(re.findall(r'<svg viewBox="[^"]+" aria-hidden="true">', html)) == 6
    assert '<html lang="en">' in html


@pytest.mark.slow
def test_page_needs_nothing_else(html: str) -> None:
    reader = Reader(html)

    assert reader.references == []
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.elements)
    assert not re.search(r"url\(|@import", html)
    assert set(re.findall(r"https?://[^\"' ]+", html)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.slow
def test_name_that_looks_like_code_stays_a_name(curated_history: Path, tmp_path: Path) -> None:
    shutil.copytree(curated_history, tmp_path, dirs_exist_ok=True)
    for table in ("order_items", "products"):
        for file in (tmp_path / table).rglob("*.parquet"):
            renamed = "SELECT * REPLACE ('<script>alert(1)</script>&' AS name)"
            duckdb.execute(f"COPY ({renamed} FROM read_parquet('{file}')) TO '{file}.new' (FORMAT parquet)")
            Path(f"{file}.new").rename(file)
    html = page(figures(CuratedTables(tmp_path)), source="a test", made_at=known.NOW)

    assert "script" not in Reader(html).elements
    assert "&lt;script&gt;" in html


@pytest.mark.slow
def test_page_without_arrivals_says_so(curated_history: Path) -> None:
    html = page(figures(CuratedTables(curated_history)), source="a test", made_at=known.NOW)

    assert "Nobody measured it" in " ".join(Reader(html).text)


@pytest.mark.slow
def test_command_writes_the_page(curated_history: Path, tmp_path: Path, command: Typer) -> None:
    target = tmp_path / "deep" / "page.html"
    result = CliRunner().invoke(command, ["--curated", str(curated_history), "--output", str(target)])

    assert result.exit_code == 0
    assert "days in pictures" in result.output
    assert "2026-07-01 to 2026-11-20" in target.read_text()


def test_command_says_what_to_do_when_there_is_nothing(tmp_path: Path, command: Typer) -> None:
    result = CliRunner().invoke(command, ["--curated", str(tmp_path), "--output", str(tmp_path / "page.html")])

    assert result.exit_code == 1
    assert "place an order, then `make etl`" in " ".join(result.output.split())
    assert not (tmp_path / "page.html").exists()
    with pytest.raises(NoPlatformError, match="make up"):
        LakeHere(tmp_path)


def test_command_without_a_platform_says_what_else_it_can_draw(
    tmp_path: Path, command: Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insights, "STANDARD_DIRECTORY", tmp_path)
    result = CliRunner().invoke(command, ["--output", str(tmp_path / "page.html")])

    assert result.exit_code == 1
    for option in ("make up", "--curated", "--history"):
        assert option in result.output


@pytest.mark.slow
def test_history_that_never_happened_goes_through_the_nightly_job(
    tmp_path: Path, command: Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "DAYS", 3)
    monkeypatch.setattr(told, "CUSTOMERS", 40)
    result = CliRunner().invoke(command, ["--history", "--output", str(tmp_path / "page.html")])

    assert result.exit_code == 0, result.output
    assert "a history that never happened" in (tmp_path / "page.html").read_text()


@pytest.mark.slow
def test_command_takes_one_source_only(curated_history: Path, command: Typer) -> None:
    result = CliRunner().invoke(command, ["--history", "--curated", str(curated_history)])

    assert result.exit_code == 2
    assert "leave --curated out" in " ".join(result.output.split())


def background_of(browser_page: Page) -> str:
    return str(browser_page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.slow
def test_page_is_whole_in_a_browser_in_light_and_dark_and_on_a_phone(html: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(html)
    complaints: list[str] = []
    asked: set[str] = set()
    with sync_playwright() as playwright, launch(playwright) as browser:
        backgrounds, inks = set(), set()
        for scheme in SCHEMES:
            seen = browser.new_page(viewport={"width": 390, "height": 800})
            seen.emulate_media(color_scheme=scheme)
            seen.on("console", lambda message: complaints.append(message.text))
            seen.on("request", lambda request: asked.add(request.url))
            seen.goto(file.as_uri())
            backgrounds.add(background_of(seen))
            inks.add(str(seen.locator("svg text").first.evaluate("text => getComputedStyle(text).fill")))
            assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")
            seen.get_by_text("Revenue, EUR: the numbers").click()
            expect(seen.get_by_role("cell", name="360.00").first).to_be_visible(timeout=30_000)
    assert (complaints, asked) == ([], {file.as_uri()})
    assert len(backgrounds) == len(inks) == 2
