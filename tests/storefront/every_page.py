"""Every page of the shop, in a state in which there is something to see on it."""

from collections.abc import Iterator
from uuid import UUID

from playwright.sync_api import Page

from retail.cart import LARGEST_CART
from retail.order_desk import PAGE as PARCELS
from retail.order_history import PAGE as HISTORY
from retail.orders import OrderStatus, Transition, advance
from storefront.pages import ENDS_OF_AN_ORDER
from tests.browser import fill_in_where_it_goes, follow
from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import PASSWORD


def customer_pages(page: Page, address: str, shop: Shop) -> Iterator[str]:
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
    for path, button in (("/account/sign-in", "Sign in"), ("/account/register", "Open")):
        page.goto(address + path)
        follow(page.get_by_role("button", name=button))
        page.get_by_role("alert").wait_for()
        yield f"{path}, wrongly filled in"
    page.goto(address + "/search?q=rolling+pin")
    follow(page.get_by_role("link", name="Maple rolling pin"))
    yield "sold out"
    page.goto(address + "/search?q=backpack")
    follow(page.get_by_role("link", name="Canvas backpack"))
    yield "product"
    follow(page.get_by_role("button", name="Add to cart"))
    yield "cart"
    follow(page.get_by_role("link", name="Go to checkout"))
    yield "checkout"
    follow(page.get_by_role("button", name="Place order"))
    page.get_by_role("alert").wait_for()
    yield "checkout, wrongly filled in"
    page.get_by_label("E-mail address").fill(EMAIL)
    fill_in_where_it_goes(page)
    shop.rows("UPDATE products SET reserved_count = inventory_count WHERE name = 'Canvas backpack'")
    follow(page.get_by_role("button", name="Place order"))
    page.get_by_text("sold out").first.wait_for()
    yield "cart with a refusal"
    shop.rows("UPDATE products SET reserved_count = 0 WHERE name = 'Canvas backpack'")
    yield from order_pages(page, address, shop)


def order_pages(page: Page, address: str, shop: Shop) -> Iterator[str]:
    """Orders what is in the cart, and sees what may become of an order."""
    order(page, address)
    yield "order"
    for status in (OrderStatus.SHIPPED, *ENDS_OF_AN_ORDER):
        shop.rows("UPDATE orders SET status = %s", status)
        page.goto(page.url)
        yield f"order that is {status}"
    shop.rows("UPDATE orders SET status = 'PENDING'")
    shop.rows("ALTER TABLE order_items RENAME TO mislaid")
    page.goto(page.url)
    page.get_by_role("heading", name="Internal Server Error").wait_for()
    yield "our fault"
    shop.rows("ALTER TABLE mislaid RENAME TO order_items")


def order(page: Page, address: str) -> None:
    """What is in the cart."""
    page.goto(address + "/checkout")
    page.get_by_label("E-mail address").fill(EMAIL)
    fill_in_where_it_goes(page)
    follow(page.get_by_role("button", name="Place order"))
    page.get_by_role("heading", name="Thank you").wait_for()


def card_pages(page: Page, address: str) -> Iterator[str]:
    """Goes to the checkout of a shop where cards are entered at Stripe."""
    page.goto(address + "/search?q=backpack")
    follow(page.get_by_role("link", name="Canvas backpack"))
    follow(page.get_by_role("button", name="Add to cart"))
    follow(page.get_by_role("link", name="Go to checkout"))
    page.get_by_label("E-mail address").fill(EMAIL)
    fill_in_where_it_goes(page)
    yield "checkout without a choice of cards"
    follow(page.get_by_role("button", name="Continue to payment"))
    page.get_by_role("heading", name="One step left").wait_for()
    yield "card"


def fullest_pages(page: Page, address: str, shop: Shop) -> Iterator[str]:
    """Pages with as much on them as they may hold."""
    fullest = most_products(shop)
    page.goto(address + "/products?limit=100")
    yield "fullest list"
    for product in fullest:
        page.request.put(f"{address}/api/cart/items/{product}", data={"quantity": 99})
    page.goto(address + "/cart")
    assert page.locator(".line").count() == LARGEST_CART
    yield "fullest cart"
    page.goto(address + "/checkout")
    yield "checkout of the fullest cart"
    order(page, address)
    yield "fullest order"


def most_products(shop: Shop) -> list[UUID]:
    """As many as fit into a cart, enough of each."""
    rows = shop.rows(
        "UPDATE products SET inventory_count = 100000 WHERE id IN (SELECT id FROM products ORDER BY name LIMIT %s) "
        "RETURNING id",
        LARGEST_CART,
    )
    return [row["id"] for row in rows]


def staff_pages(page: Page, address: str, shop: Shop) -> Iterator[str]:
    """Opens an account, is made staff, and goes from page to page of the desk."""
    page.goto(address + "/account/register")
    page.get_by_label("Name").fill("Kim Example")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Open"))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    page.get_by_role("heading", name="Your account").wait_for()
    yield "account"
    page.goto(address + "/account/security")
    yield "password and sessions"
    follow(page.get_by_role("button", name="Change the password"))
    yield "password, wrongly filled in"
    fullest = dict.fromkeys(most_products(shop), 1)
    for _ in range(max(HISTORY, PARCELS) + 1):
        shop.order(fullest)
    shop.rows("UPDATE orders SET customer_id = customers.id FROM customers")
    page.goto(address + "/account")
    yield "longest history"
    follow(page.get_by_role("link", name="Earlier orders"))
    yield "history, page 2"
    shop.rows("UPDATE customers SET is_staff = true")
    pay_everything(shop)
    page.goto(address + "/admin/orders")
    yield "parcels"
    follow(page.locator(".parcels a").first)
    yield "order of staff"
    follow(page.get_by_role("button", name="Cancel the order"))
    page.locator("#reason-problem").wait_for()
    yield "order of staff, wrongly filled in"
    page.goto(address + "/admin/orders")
    follow(page.get_by_role("button", name="Mark as sent").first)
    page.locator("#problem-1").wait_for()
    yield "parcels, wrongly filled in"
    page.goto(address + "/admin/orders?status=PENDING")
    yield "orders elsewhere"
    page.goto(address + "/admin/categories")
    yield "categories"
    follow(page.get_by_role("button", name="Add the category"))
    yield "new category, wrongly filled in"
    page.goto(address + "/admin/categories/kitchen?saved=true")
    yield "category of staff"
    page.goto(address + "/admin/products/new")
    yield "new product"
    follow(page.get_by_role("button", name="Add the product"))
    yield "new product, wrongly filled in"
    page.goto(address + "/admin/products?q=backpack")
    yield "products"
    follow(page.get_by_role("link", name="Canvas backpack"))
    yield "product of staff"
    shop.rows("UPDATE products SET version = version + 1, price = price + 1")
    page.get_by_label("Name").fill("Rucksack")
    follow(page.get_by_role("button", name="Save"))
    page.get_by_text("What differs").wait_for()
    yield "conflict"


def pay_everything(shop: Shop) -> None:
    """Every order that waits for its payment gets it, and waits to be sent."""
    waiting: list[UUID] = [row["id"] for row in shop.rows("SELECT id FROM orders WHERE status = 'PENDING'")]
    for order_id in waiting:
        for transition in (Transition.PAY, Transition.PROCESS):
            with shop.database.transaction() as connection:
                advance(connection, order_id, transition)
