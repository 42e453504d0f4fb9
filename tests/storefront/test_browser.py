"""The shop in a real browser, on a phone and on a desktop."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from retail.database import SingleConnection
from retail.orders import Transition, advance
from retail.sample_catalog import insert_sample_catalog
from tests.browser import fill_in_where_it_goes, follow, launch
from tests.retail.shop import EMAIL, Shop
from tests.storefront.running import Storefront
from tests.storefront.running import storefront as storefront
from tests.storefront.waiting import eventually

pytestmark = pytest.mark.slow

QUESTIONS = "**/api/orders/*"
# The page itself tells what it asked, how often it has looked, and whether it waits for its next look: what goes over
# the wire is heard of at any time, and an answer long before the page has made up its mind what to do next.
TELL = """(() => {
    const { fetch, setTimeout, clearTimeout } = window;
    const told = window.told = { questions: 0, looks: 0, waits: false };
    window.fetch = (...question) => { told.questions += 1; return fetch(...question); };
    window.setTimeout = (look, wait) => {
        told.waits = true;
        return setTimeout(async () => { told.waits = false; await look(); told.looks += 1; }, wait);
    };
    window.clearTimeout = (timer) => { told.waits = false; clearTimeout(timer); };
})()"""


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
    follow(page.get_by_role("link", name="Canvas backpack"))
    _assert_fits(page)
    follow(page.get_by_role("button", name="Add to cart"))
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    _assert_fits(page)
    follow(page.get_by_role("link", name="Go to checkout"))
    page.get_by_label("E-mail address").fill(EMAIL)
    _assert_fits(page)
    fill_in_where_it_goes(page)
    follow(page.get_by_role("button", name="Place order"))
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
    page.add_init_script(TELL)
    product = shop.add_product()
    page.goto(f"{storefront.address}/products/{product}")
    follow(page.get_by_role("button", name="Add to cart"))
    follow(page.get_by_role("link", name="Go to checkout"))
    page.get_by_label("E-mail address").fill(EMAIL)
    fill_in_where_it_goes(page)
    follow(page.get_by_role("button", name="Place order"))
    expect(page.locator("#order")).to_have_attribute("data-status", "PENDING")
    return page, shop.rows("SELECT id FROM orders")[0]["id"]


def _wait(page: Page) -> None:
    """Five minutes, the longest that a page waits: it has begun a look since now, and is done with it."""
    eventually(lambda: page.evaluate("told.waits"), "the page waits")  # else the clock could set off no alarm
    looks = page.evaluate("told.looks")
    page.clock.fast_forward(300_000)
    eventually(lambda: page.evaluate("told.looks") > looks, "the page has looked")


def _look(page: Page) -> None:
    """Wait, and be answered."""
    with page.expect_response(QUESTIONS):
        _wait(page)


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
    assert _asked(page, 250_000) == 0, "after a while, once in five minutes"
    _hide(page, hidden=True)
    _assert_asks_no_more(page)
    _advance(shop, order_id, Transition.PAY, Transition.PROCESS)
    with page.expect_response(QUESTIONS):
        _hide(page, hidden=False)
        page.clock.run_for(1_000)
    expect(page.locator("#order")).to_have_attribute("data-status", "PROCESSING")
    _advance(shop, order_id, Transition.SHIP)
    _look(page)
    expect(page.locator("#order")).to_have_attribute("data-status", "SHIPPED")
    _assert_asks_no_more(page)


def test_an_answer_that_never_comes_is_given_up(shop: Shop, followed: tuple[Page, UUID]) -> None:
    page, order_id = followed
    page.route(QUESTIONS, lambda _: None, times=1)
    with page.expect_event("requestfailed"):
        _wait(page)
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


def _asked(page: Page, milliseconds: int) -> int:
    before: int = page.evaluate("told.questions")
    page.clock.run_for(milliseconds)
    after: int = page.evaluate("told.questions")
    return after - before


def _assert_asks_no_more(page: Page) -> None:
    assert _asked(page, 600_000) == 0


def _hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )
