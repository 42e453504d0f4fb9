"""An account in a real browser: with the keyboard, on a phone, and safe from a page of another site."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser import fill_in_where_it_goes, follow
from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import PASSWORD
from tests.storefront.running import Storefront
from tests.storefront.running import storefront as storefront
from tests.storefront.test_browser import _assert_fits
from tests.storefront.test_browser import browser as browser

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Browser) -> Page:
    return browser.new_page(viewport=ViewportSize(width=390, height=850))


def _type(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).focus()
    page.keyboard.type(text)


def _send(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_customer_opens_an_account_orders_and_finds_the_order_again(
    shop: Shop, storefront: Storefront, page: Page
) -> None:
    mug = shop.add_product(name="Mug")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{storefront.address}/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    follow(page.get_by_role("link", name="Open an account"))
    page.keyboard.press("Tab")
    _type(page, "Your name", "Kim Example")
    _type(page, "E-mail address", EMAIL)
    _type(page, "Password", "short")
    _send(page)
    expect(page.get_by_role("alert")).to_contain_text("Please look at this again")
    page.get_by_role("link", name="Use 15 characters or more").click()
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value("Kim Example")
    _assert_fits(page)
    page.keyboard.type(PASSWORD)
    _send(page)
    expect(page.get_by_role("status")).to_contain_text("your account is ready")
    _type(page, "E-mail address", EMAIL)
    _type(page, "Password", PASSWORD)
    _send(page)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()

    page.goto(f"{storefront.address}/products/{mug}")
    follow(page.get_by_role("button", name="Add to cart"))
    follow(page.get_by_role("link", name="Go to checkout"))
    expect(page.get_by_label("E-mail address")).to_have_value(EMAIL)
    fill_in_where_it_goes(page)
    follow(page.get_by_role("button", name="Place order"))
    expect(page.locator("#order")).to_be_visible()
    follow(page.get_by_role("link", name="Account"))
    _assert_fits(page)
    follow(page.get_by_role("rowheader").get_by_role("link"))
    expect(page.locator("#order")).to_be_visible()
    page.goto(f"{storefront.address}/account")
    follow(page.get_by_role("button", name="Sign out"))
    page.goto(f"{storefront.address}/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [entry for entry in complaints if "422" not in entry] == []


@pytest.fixture
def evil(storefront: Storefront, shop: Shop) -> Iterator[str]:
    """A page of another site that sends a form to our shop by itself."""
    target = f"{storefront.address}/cart/items/{shop.add_product()}/add"

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            form = f'<form method="post" action="{target}"><input name="quantity" value="9"></form>'
            self.wfile.write(f"{form}<script>document.forms[0].submit()</script>".encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_of_another_site_puts_nothing_into_the_cart(storefront: Storefront, page: Page, evil: str) -> None:
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.goto(evil, wait_until="commit")  # it may be left before it is loaded
    assert answer.value.status == 403
    expect(page.get_by_text("did not come from a page of ours")).to_be_visible()
