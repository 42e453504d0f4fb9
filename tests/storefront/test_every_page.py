"""Every page in a real browser: for eyes and for screen readers, on phone and desktop, by day and night; small."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from retail.pictures import draw, shapes
from retail.sample_catalog import insert_sample_catalog
from tests.browser import fill_in_where_it_goes, follow, launch
from tests.retail.shop import Shop
from tests.retail.stripe_api import StripeApi, serve
from tests.storefront.every_page import card_pages, customer_pages, fullest_pages, staff_pages
from tests.storefront.running import Storefront, running_storefront
from tests.storefront.running import storefront as storefront

pytestmark = pytest.mark.slow

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
LARGEST_PAGE = 100_000
# The page, and all it has asked for by itself: with a cache or without, each counts in full.
BYTES = """['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type))
    .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
# Answers the pictures that did not come, once all were in view.
SCROLL_THROUGH = """async () => {
    for (const picture of document.images) {
        picture.scrollIntoView();
        if (!picture.complete) await new Promise(seen => { picture.onload = picture.onerror = seen; });
    }
    return [...document.images].filter(picture => !picture.naturalWidth).map(picture => picture.src);
}"""
HEAVIEST_PICTURE = max(shapes(), key=lambda shape: len(draw("", {"picture": shape})))
PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def address(shop: Shop, storefront: Storefront) -> str:
    insert_sample_catalog(shop.conninfo)
    return storefront.address


@pytest.fixture
def card_address(shop: Shop, cache_url: str) -> Iterator[str]:
    """The same shop where cards are entered at Stripe."""
    with serve(StripeApi()) as stripe, running_storefront(shop.conninfo, cache_url, stripe=stripe) as storefront:
        yield storefront.address


def _findings(page: Page) -> list[str]:
    """What axe objects to; its code is given to the browser by the test, since the page's policy refuses strangers."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{finding['id']} ({finding['impact']}): {node['target']} {node['failureSummary']}"
        for finding in result["violations"]
        if finding["impact"] in SERIOUS
        for node in finding["nodes"]
    ]


def _scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "light"), (DESKTOP, "light"), (DESKTOP, "dark")],
    ids=["phone", "desktop", "desktop by night"],
)
def test_no_page_keeps_anybody_out(
    shop: Shop,
    address: str,
    card_address: str,
    browser: Browser,
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
) -> None:
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    seen = []
    for pages in (
        customer_pages(page, address, shop),
        card_pages(page, card_address),
        staff_pages(page, address, shop),
    ):
        for name in pages:
            assert _findings(page) == [], f"{name} at {page.url}"
            assert not _scrolls_sideways(page), f"{name} scrolls sideways"
            seen.append(name)
    assert len(set(seen)) == 45


def test_no_page_weighs_more_than_100_kilobytes_or_complains(
    shop: Shop, address: str, card_address: str, browser: Browser
) -> None:
    """On a phone; scrolled to the end, a page weighs the same on a desktop."""
    shop.rows("UPDATE products SET drawing = drawing || jsonb_build_object('picture', %s::text)", HEAVIEST_PICTURE)
    page, weighed = browser.new_page(viewport=PHONE), dict[str, int]()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    for pages in (
        customer_pages(page, address, shop),
        card_pages(page, card_address),
        fullest_pages(page, address, shop),
        staff_pages(page, address, shop),
    ):
        for name in pages:
            assert page.evaluate(SCROLL_THROUGH) == [], f"{name} at {page.url}"
            page.wait_for_load_state("networkidle")
            weighed[name] = page.evaluate(BYTES)
    assert {name: size for name, size in weighed.items() if size > LARGEST_PAGE} == {}
    assert min(weighed.values()) > 10_000, "the style sheet is counted on each page"
    assert weighed["fullest cart"] - weighed["empty cart"] > 24 * 2000, "the pictures below the fold are counted"
    # Pages that say no are complained about by their status, for which they are here.
    assert [complaint for complaint in complaints if "the server responded with a status of" not in complaint] == []


def test_a_customer_without_a_script_browses_searches_and_buys(shop: Shop, address: str, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(address)
    follow(page.get_by_role("link", name="Garden").first)
    page.get_by_label("Price from").fill("50")
    page.get_by_label("Sort by").select_option("Price, lowest first")
    follow(page.get_by_role("button", name="Show"))
    assert "min_price=50" in page.url
    page.get_by_label("Search the shop").fill("waln")
    with page.expect_navigation():
        page.get_by_label("Search the shop").press("Enter")
    follow(page.get_by_role("link", name="Walnut headphones"))
    follow(page.get_by_role("button", name="Add to cart"))
    follow(page.get_by_role("link", name="Go to checkout"))
    page.get_by_label("E-mail address").fill("kim@example.com")
    fill_in_where_it_goes(page)
    follow(page.get_by_role("button", name="Place order"))
    page.get_by_role("heading", name="Thank you for your order").wait_for()
    assert shop.count("orders") == 1


def test_a_customer_without_a_mouse_gets_from_the_address_bar_to_the_cart(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{address}/search?q=walnut+headphones")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#content$"))
    for _ in range(20):
        page.keyboard.press("Tab")
        if "Walnut headphones" in str(page.evaluate("document.activeElement.textContent")):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="Walnut headphones", exact=True).wait_for()
    page.get_by_label("Quantity").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your cart").wait_for()
