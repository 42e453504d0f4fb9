"""The shop in a real browser, on a phone and on a desktop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from retail.database import SingleConnection
from retail.orders import Transition, advance
from retail.sample_catalog import insert_sample_catalog
from tests.browser import fill_in_where_it_goes, launch
from tests.retail.shop import EMAIL, Shop
from tests.storefront.running import Storefront
from tests.storefront.running import storefront as storefront

pytestmark = pytest.mark.slow


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def _assert_fits(page: Page) -> None:
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], f"{page.url} scrolls sideways"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_customer_orders_and_sees_the_status_change_without_reloading(
    shop: Shop, storefront: Storefront, browser: Browser, width: int
) -> None:
    insert_sample_catalog(shop.conninfo)
    page = browser.new_page(viewport=ViewportSize(width=width, height=850))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(storefront.address)
    _assert_fits(page)
    page.get_by_role("link", name="Canvas backpack").click()
    _assert_fits(page)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    _assert_fits(page)
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    _assert_fits(page)
    fill_in_where_it_goes(page)
    page.get_by_role("button", name="Place order").click()
    order = page.locator("#order")
    expect(order).to_have_attribute("data-status", "PENDING")
    _assert_fits(page)

    order_id = shop.rows("SELECT id FROM orders")[0]["id"]
    database = SingleConnection(lambda: shop.conninfo)
    for transition in (Transition.PAY, Transition.PROCESS):
        with database.transaction() as connection:
            advance(connection, order_id, transition)
        expect(order).to_have_attribute("data-status", transition.end)
    database.close()
    expect(page.get_by_text("Our people are on it.")).to_be_visible()
    assert complaints == []
