"""Every page of the shop, in a state in which there is something to see on it."""

from collections.abc import Iterator
from uuid import UUID

from playwright.sync_api import Page

from retail.orders import Transition, advance
from tests.browser import fill_in_where_it_goes
from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import PASSWORD


def customer_pages(page: Page, address: str) -> Iterator[str]:
    """Goes from page to page as a customer does, and names each once it is there."""
    for name, path in (
        ("home", "/"),
        ("everything", "/products"),
        ("category", "/categories/kitchen"),
        ("filtered", "/categories/kitchen?in_stock=true&max_price=50&sort=price"),
        ("search", "/search?q=wool"),
        ("nothing found", "/search?q=xyzzy"),
        ("not there", "/nothing"),
        ("empty cart", "/cart"),
        ("sign in", "/account/sign-in"),
        ("register", "/account/register"),
    ):
        page.goto(address + path)
        yield name
    page.goto(address + "/search?q=rolling+pin")
    page.get_by_role("link", name="Maple rolling pin").click()
    yield "sold out"
    page.goto(address + "/search?q=backpack")
    page.get_by_role("link", name="Canvas backpack").click()
    yield "product"
    page.get_by_role("button", name="Add to cart").click()
    yield "cart"
    page.get_by_role("link", name="Go to checkout").click()
    yield "checkout"
    page.get_by_role("button", name="Place order").click()
    page.get_by_role("alert").wait_for()
    yield "checkout, wrongly filled in"
    page.get_by_label("E-mail address").fill(EMAIL)
    fill_in_where_it_goes(page)
    page.get_by_role("button", name="Place order").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    yield "order"


def staff_pages(page: Page, address: str, shop: Shop) -> Iterator[str]:
    """Opens an account, is made staff, and goes from page to page of the desk."""
    page.goto(address + "/account/register")
    page.get_by_label("Name").fill("Kim Example")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your account").wait_for()
    yield "account"
    page.goto(address + "/account/security")
    yield "password and sessions"
    page.get_by_role("button", name="Change the password").click()
    yield "password, wrongly filled in"
    shop.rows("UPDATE customers SET is_staff = true")
    pay_everything(shop)
    page.goto(address + "/admin/orders")
    yield "parcels"
    page.goto(address + "/admin/orders?status=PENDING")
    yield "orders elsewhere"
    page.goto(address + "/admin/categories")
    yield "categories"
    page.get_by_role("button", name="Add the category").click()
    yield "new category, wrongly filled in"
    page.goto(address + "/admin/categories/kitchen?saved=true")
    yield "category of staff"
    page.goto(address + "/admin/products/new")
    yield "new product"
    page.get_by_role("button", name="Add the product").click()
    yield "new product, wrongly filled in"
    page.goto(address + "/admin/products?q=backpack")
    yield "products"
    page.get_by_role("link", name="Canvas backpack").click()
    yield "product of staff"
    shop.rows("UPDATE products SET version = version + 1, price = price + 1")
    page.get_by_label("Name").fill("Rucksack")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("What differs").wait_for()
    yield "conflict"


def pay_everything(shop: Shop) -> None:
    """Every order that waits for its payment gets it, and waits to be sent."""
    waiting: list[UUID] = [row["id"] for row in shop.rows("SELECT id FROM orders WHERE status = 'PENDING'")]
    for order_id in waiting:
        for transition in (Transition.PAY, Transition.PROCESS):
            with shop.database.transaction() as connection:
                advance(connection, order_id, transition)
