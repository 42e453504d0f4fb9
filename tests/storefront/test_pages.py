"""The web pages, as a browser without JavaScript uses them."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient

from retail import fulfilment
from retail.orders import OrderStatus, Transition
from retail.sample_catalog import insert_sample_catalog
from storefront import pages
from storefront.resources import Resources
from tests.retail.shop import EMAIL, FORM, Shop
from tests.storefront.waiting import blocked, eventually

FILES = Path(pages.__file__).with_name("static")
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def test_a_customer_without_a_script_orders_and_follows_the_order(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(price="12.50", name="Mug & saucer")
    assert "Mug &amp; saucer" in client.get("/").text
    assert "Add to cart" in client.get(f"/products/{mug}").text
    for quantity in (1, 2):
        added = client.post(f"/cart/items/{mug}/add", data={"quantity": quantity})
        assert (added.status_code, added.headers["location"]) == (303, "/cart")
    assert "$37.50" in client.get("/cart").text
    assert client.post(f"/cart/items/{mug}", data={"quantity": 2}).status_code == 303
    assert "$25.00" in client.get("/checkout").text
    placed = client.post("/checkout", data=FORM | {"email": f" {EMAIL} "})
    assert placed.status_code == 303
    page = client.get(placed.headers["location"]).text
    assert 'data-status="PENDING"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    shop.rows("UPDATE orders SET status = 'PAYMENT_FAILED'")
    page = client.get(placed.headers["location"]).text
    assert "The payment was declined" in page
    assert "refresh" not in page


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("PAYMENT_FAILED", "Nothing was charged"),
        ("CANCELLED", "Your order is cancelled"),
        ("RETURNED", "We have your parcel back"),
        ("REFUNDED", "Your money is on its way back"),
    ],
)
def test_every_end_of_an_order_has_words_of_its_own(client: TestClient, shop: Shop, status: str, words: str) -> None:
    order = _order(client, shop)
    assert "Cancel this order" in client.get(order).text
    shop.rows("UPDATE orders SET status = %s", status)
    page = client.get(order).text
    assert words in page
    assert "refresh" not in page
    assert "Cancel this order" not in page


def test_only_what_nothing_follows_upon_by_itself_is_final() -> None:
    told = re.search(r"FINAL = new Set\((.*)\);", (FILES / "order.js").read_text())
    assert told is not None
    follows = {Transition.PAY, Transition.DECLINE, Transition.PROCESS, Transition.SHIP, Transition.REFUND}
    goes_on = {status for step in follows for status in step.starts}
    assert set(json.loads(told[1])) == set(OrderStatus) - goes_on


def test_a_customer_sees_the_tracking_code(client: TestClient, shop: Shop) -> None:
    order = _order(client, shop)
    assert "racking code" not in client.get(order).text
    assert client.get(f"/api{order}").json()["tracking_code"] is None
    shop.rows("UPDATE orders SET status = 'PROCESSING'")
    order_id = UUID(order.rpartition("/")[2])
    fulfilment.ship(shop.database, order_id, tracking_code="HP 1234", correlation_id="test")
    assert "HP 1234" in client.get(order).text
    assert client.get(f"/api{order}").json()["tracking_code"] == "HP 1234"


def test_a_customer_cancels_what_has_not_been_sent_once(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    order = _order(client, shop)
    assert stranger.post(f"{order}/cancellation").status_code == 404
    for _ in range(2):
        assert client.post(f"{order}/cancellation").headers["location"] == order
    assert "Your order is cancelled" in client.get(order).text
    assert shop.rows("SELECT payment_token FROM orders") == [{"payment_token": None}], "nobody can charge it"
    assert shop.rows("SELECT inventory_count - reserved_count AS free FROM products") == [{"free": 10}]
    assert len(shop.rows("SELECT id FROM outbox WHERE detail_type = 'OrderCancelled'")) == 1


def test_an_order_that_has_left_is_not_cancelled_and_its_customer_told_why(client: TestClient, shop: Shop) -> None:
    order = _order(client, shop)
    shop.rows("UPDATE orders SET status = 'SHIPPED'")
    late = client.post(f"{order}/cancellation")
    assert late.status_code == 409
    assert "cannot be cancelled any more" in late.text
    assert client.post(f"/api{order}/cancellation", json={}).json()["type"] == "urn:retail:problem:illegal-transition"
    assert shop.rows("SELECT status FROM orders") == [{"status": "SHIPPED"}]


def test_a_declined_card_does_not_cost_the_cart(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    mug, lamp = shop.add_product(name="Mug", stock=200), shop.add_product(name="Lamp")
    client.post(f"/cart/items/{mug}/add", data={"quantity": 99})
    client.post(f"/cart/items/{lamp}/add", data={"quantity": 2})
    order = client.post("/checkout", data=FORM).headers["location"]
    back = f'action="{order}/cart"'
    assert back not in client.get(order).text
    shop.rows("UPDATE orders SET status = 'PAYMENT_FAILED'")
    assert back in client.get(order).text
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    for _ in range(2):  # a second click adds nothing
        assert client.post(f"{order}/cart").headers["location"] == "/cart"
    pieces = {item["name"]: item["quantity"] for item in client.get("/api/cart").json()["items"]}
    assert pieces == {"Mug": 99, "Lamp": 2}
    assert stranger.post(f"{order}/cart").status_code == 404


def test_what_is_not_sold_any_more_is_not_put_back_and_the_customer_told_so(
    client: TestClient, shop: Shop, resources: Resources
) -> None:
    mug, lamp = shop.add_product(name="Mug"), shop.add_product(name="Lamp")
    for product in (mug, lamp):
        client.post(f"/cart/items/{product}/add", data={"quantity": 1})
    order = client.post("/checkout", data=FORM).headers["location"]
    shop.rows("UPDATE orders SET status = 'PAYMENT_FAILED'")
    shop.rows("UPDATE products SET active = false WHERE id = %s", lamp)
    resources.cache.flushall()
    cart = client.get(client.post(f"{order}/cart").headers["location"]).text
    assert "not sold any more, so we left it out" in cart
    assert "Mug" in cart
    assert "Lamp" not in cart


def _order(client: TestClient, shop: Shop) -> str:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    return client.post("/checkout", data=FORM).headers["location"]


def test_two_clicks_at_once_put_two_pieces_into_the_cart(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    with ThreadPoolExecutor(8) as pool:
        added = pool.map(lambda _: client.post(f"/cart/items/{mug}/add", data={"quantity": 1}), range(24))
        assert {answer.status_code for answer in added} == {303}
    assert client.get("/api/cart").json()["pieces"] == 25


def test_of_two_clicks_at_once_both_cancel(client: TestClient, shop: Shop) -> None:
    order = _order(client, shop)
    with psycopg.connect(shop.conninfo) as somebody, ThreadPoolExecutor(2) as pool:
        somebody.execute("SELECT 1 FROM orders FOR UPDATE")
        clicks = [pool.submit(client.post, f"{order}/cancellation") for _ in range(2)]
        eventually(lambda: blocked(shop) == 2, "both have looked, and wait")
        somebody.rollback()
        assert [click.result().headers.get("location") for click in clicks] == [order, order]
    assert len(shop.rows("SELECT id FROM outbox WHERE detail_type = 'OrderCancelled'")) == 1


def test_a_product_is_removed_and_an_empty_cart_has_no_checkout(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    assert client.post(f"/cart/items/{mug}/remove").status_code == 303
    assert "There is nothing in it yet" in client.get("/cart").text
    assert client.get("/checkout").headers["location"] == "/cart"


def test_a_wrong_address_shows_the_form_again_with_what_was_typed(client: TestClient, shop: Shop) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    answer = client.post("/checkout", data=FORM | {"email": '"><b>'})
    assert answer.status_code == 422
    assert "does not look like an e-mail address" in answer.text
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text
    assert shop.count("orders") == 0


def test_more_than_the_stock_shows_the_cart_with_the_reason(client: TestClient, shop: Shop) -> None:
    client.post(f"/cart/items/{shop.add_product(stock=1)}/add", data={"quantity": 2})
    answer = client.post("/checkout", data=FORM)
    assert answer.status_code == 409
    assert "Mug: 2 wanted, only 1 left." in answer.text
    assert [shop.count("orders"), shop.count("outbox")] == [0, 0]


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/products/no-id", 404), ("/cart/items/x", 404)])
def test_a_browser_gets_errors_as_pages(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert "<h1>Not Found</h1>" in answer.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("min_price=cheap", "Price from: a number such as 24.50."),
        ("max_price=-1", "Price to: a number such as 24.50."),
        ("sort=luck&min_price=cheap", "Sort by: choose one of those in the list."),
        ("limit=1000", "So many on a page: from 1 to 100."),
        ("in_stock=perhaps", "please open the page anew"),
    ],
)
def test_a_list_that_cannot_be_says_why_in_words_for_people(client: TestClient, query: str, words: str) -> None:
    answer = client.get(f"/products?{query}", headers=BROWSER)
    assert answer.status_code == 422
    assert words in answer.text
    assert "query." not in answer.text
    assert "<h1>That did not fit</h1>" in answer.text


def test_only_a_shop_with_play_money_says_that_nothing_is_charged(client: TestClient, shop: Shop) -> None:
    for path in ("/", "/cart", "/nothing"):
        assert "is a demonstration shop. Nothing is charged" in client.get(path, headers=BROWSER).text


@pytest.mark.parametrize("quantity", ["0", "-3", "1e9", "many", "", "100"])
def test_an_absurd_quantity_in_a_form_is_a_422(client: TestClient, shop: Shop, quantity: str) -> None:
    answer = client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": quantity}, headers=BROWSER)
    assert answer.status_code == 422
    assert "Quantity: choose a whole number from 1 to 99." in answer.text
    assert "body" not in re.sub("</?body>", "", answer.text)
    assert "Input should" not in answer.text
    assert "There is nothing in it yet" in client.get("/cart").text


def test_pages_hold_no_inline_code_and_say_so_to_the_browser(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    order = client.post("/checkout", data=FORM).headers["location"]
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    for path in ("/", f"/products/{mug}", "/cart", "/checkout", order):
        page = client.get(path)
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page.text)
        assert page.headers["cache-control"] == "no-store"
        assert len(page.content) < 100_000


def test_static_files_are_kept_for_a_year_under_their_version_only(client: TestClient, shop: Shop) -> None:
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)
    assert any(address.endswith("shop.css") for address in addresses)
    for address in addresses:
        assert "max-age=31536000" in client.get(address).headers["cache-control"]
    assert client.get("/static/old/shop.css").headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, False),
        ({"X-Forwarded-Proto": "http"}, False),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"CloudFront-Forwarded-Proto": "https", "X-Forwarded-Proto": "http"}, True),
    ],
)
def test_cookies_are_kept_from_scripts_and_from_http(
    client: TestClient, shop: Shop, headers: dict[str, str], secure: bool
) -> None:
    assert "set-cookie" not in client.get("/").headers
    answer = client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1}, headers=headers)
    names = ("__Host-session", "__Host-cart") if secure else ("session", "cart")
    for name, cookie in zip(names, answer.headers.get_list("set-cookie"), strict=True):
        assert re.match(rf"{name}=[\w.=-]+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax(; Secure)?$", cookie)
        assert cookie.endswith("; Secure") == secure


def test_nobody_pays_another_price_than_the_form_showed(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(price="1234.50")
    client.post(f"/cart/items/{mug}/add", data={"quantity": 2})
    form = FORM | {"expected_total": _hidden(client.get("/checkout").text, "expected_total")}
    assert form["expected_total"] == "2469.00 USD"
    shop.rows("UPDATE products SET price = 99")
    answer = client.post("/checkout", data=form)
    assert answer.status_code == 409
    assert "USD 198.00 now, it was USD 2,469.00 when you agreed" in answer.text
    assert (shop.count("orders"), shop.stock(mug)) == (0, (10, 0))
    assert "$198.00" in client.get("/cart").text, "and not what the cache still had"
    shop.rows("UPDATE products SET price = 1234.50")
    assert client.post("/checkout", data=form | {"expected_total": "much USD"}).status_code == 422
    assert client.post("/checkout", data=form).status_code == 303


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_a_page_lists_24_things_however_many_its_address_asks_for(client: TestClient, shop: Shop) -> None:
    insert_sample_catalog(shop.conninfo)
    first = client.get("/products?limit=100").text
    assert first.count('<li class="card') == 24
    following = re.search(r'href="(/products\?[^"]*)" rel="next"', first)
    assert following is not None
    assert client.get(unescape(following[1])).text.count('<li class="card') == 24
    assert len(client.get("/api/products?limit=100").json()["items"]) == 100
