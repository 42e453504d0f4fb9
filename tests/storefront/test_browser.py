"""The shop in a real browser, on a phone and on a desktop."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect, sync_playwright

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


@pytest.fixture
def followed(shop: Shop, storefront: Storefront, browser: Browser) -> tuple[Page, UUID]:
    """The page of an order that has just been placed, whose clock the test turns."""
    page = browser.new_page()
    page.clock.install()
    product = shop.add_product()
    page.goto(f"{storefront.address}/products/{product}")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    fill_in_where_it_goes(page)
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#order")).to_have_attribute("data-status", "PENDING")
    return page, shop.rows("SELECT id FROM orders")[0]["id"]


def _look(page: Page) -> None:
    """Five minutes later, which is the longest that a page waits."""
    with page.expect_response("**/api/orders/*"):
        page.clock.fast_forward(300_000)
    page.wait_for_load_state("networkidle")


def _advance(shop: Shop, order_id: UUID, *transitions: Transition) -> None:
    for transition in transitions:
        with shop.database.transaction() as connection:
            advance(connection, order_id, transition)


def test_an_open_page_follows_a_cancelled_order_until_its_money_is_back(
    shop: Shop, followed: tuple[Page, UUID]
) -> None:
    page, order_id = followed
    for transition in (Transition.CANCEL, Transition.REFUND):
        _advance(shop, order_id, transition)
        _look(page)
        expect(page.locator("#order")).to_have_attribute("data-status", transition.end)
    expect(page.get_by_text("Your money is on its way back")).to_be_visible()
    _assert_asks_no_more(page)


def test_an_open_page_asks_ever_less_often_and_a_hidden_one_not_at_all(shop: Shop, followed: tuple[Page, UUID]) -> None:
    page, order_id = followed
    for _ in range(30):
        _look(page)
    asked = _asked(page, lambda: page.clock.run_for(250_000))
    assert asked == 0, "after a while, once in five minutes"
    _hide(page, hidden=True)
    _assert_asks_no_more(page)
    _advance(shop, order_id, Transition.PAY, Transition.PROCESS)
    _hide(page, hidden=False)
    with page.expect_response("**/api/orders/*"):
        page.clock.run_for(1_000)
    expect(page.locator("#order")).to_have_attribute("data-status", "PROCESSING")
    _advance(shop, order_id, Transition.SHIP)
    _look(page)
    expect(page.locator("#order")).to_have_attribute("data-status", "SHIPPED")
    _assert_asks_no_more(page)


def test_an_answer_that_never_comes_is_given_up(shop: Shop, followed: tuple[Page, UUID]) -> None:
    page, order_id = followed
    page.route("**/api/orders/*", lambda _: None, times=1)
    with page.expect_event("requestfailed", timeout=8_000):
        page.clock.fast_forward(300_000)
    _advance(shop, order_id, Transition.PAY)
    _look(page)
    expect(page.locator("#order")).to_have_attribute("data-status", Transition.PAY.end)


def test_what_changes_leaves_the_form_alone_that_somebody_is_at(shop: Shop, followed: tuple[Page, UUID]) -> None:
    page, order_id = followed
    page.get_by_text("Cancel this order").click()
    button = page.get_by_role("button", name="Yes, cancel it")
    button.focus()
    _advance(shop, order_id, Transition.PAY, Transition.PROCESS)
    _look(page)
    expect(page.get_by_text("Our people are on it.")).to_be_visible()
    expect(button).to_be_focused()
    _advance(shop, order_id, Transition.SHIP)
    _look(page)
    expect(button).to_have_count(0)
    expect(page.locator("#order")).to_be_focused()


def _asked(page: Page, meanwhile: Callable[[], None]) -> int:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    meanwhile()
    page.wait_for_timeout(100)
    page.remove_listener("request", note)
    return len(asked)


def _assert_asks_no_more(page: Page) -> None:
    page.wait_for_timeout(100)  # for what is on its way
    assert _asked(page, lambda: page.clock.run_for(600_000)) == 0


def _hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )
