"""A page may be from a moment ago; nobody gets somebody else's spots, and a change made here shows at once."""

import re

import psycopg
from fastapi.testclient import TestClient

from storefront.page_copies import FRESH_SECONDS, KEPT_SECONDS, MOST_COPIES, Copy, PageCopies
from storefront.resources import Resources
from storefront.sessions import SessionCookies
from storefront.spots import SharedBody
from tests.retail.shop import CHECKOUT, Shop
from tests.storefront.conftest import browser


def rename(shop: Shop, name: str) -> None:
    shop.rows("UPDATE products SET name = %s", name)


def test_a_stranger_gets_the_page_of_a_moment_ago_without_database_and_cache(
    stranger: TestClient, shop: Shop, resources: Resources
) -> None:
    page = f"/products/{shop.add_product(name='Kettle')}"
    resources.page_copies.now = lambda: 0.0  # however slow this machine is
    first = stranger.get(page)
    resources.cache.flushall()
    rename(shop, "Teapot")
    copy = stranger.get(page)
    assert "Kettle" in first.text
    assert copy.content == first.content
    assert copy.headers.keys() == first.headers.keys()
    assert copy.headers["x-correlation-id"] != first.headers["x-correlation-id"]


def test_the_copy_of_a_list_is_not_the_answer_to_a_question_about_it(
    stranger: TestClient, shop: Shop, resources: Resources
) -> None:
    shop.add_product(name="Kettle", price="12.50")
    shop.add_product(name="Spoon", price="1.50")
    resources.page_copies.now = lambda: 0.0  # however slow this machine is
    whole, cheap, again = (stranger.get(page).text for page in ("/products", "/products?max_price=2", "/products"))
    assert ("Kettle" in cheap, "Spoon" in cheap) == (False, True)
    assert "Kettle" in whole
    assert again == whole


def spots(page: str) -> tuple[list[str], list[str]]:
    return re.findall(r'class="pieces">(\d+)', page), re.findall(r'name="form_token" value="(\w+)"', page)


def test_each_visitor_gets_the_copy_with_their_own_cart_and_form_token(
    client: TestClient, stranger: TestClient, shop: Shop, resources: Resources
) -> None:
    page = f"/products/{(product := shop.add_product(name='Kettle'))}"
    other = browser(client.app)
    resources.page_copies.now = lambda: 0.0  # however slow this machine is
    for who, quantity in ((client, 3), (other, 5)):
        who.put(f"/api/cart/items/{product}", json={"quantity": quantity}).raise_for_status()
    made = client.get(page).text
    resources.cache.flushall()
    rename(shop, "Teapot")
    copies = [who.get(page).text for who in (client, other, stranger)]
    assert all("Kettle" in copy for copy in copies)
    assert copies[0] == made
    (mine, my_token), (theirs, their_token), nobodys = map(spots, copies)
    assert (mine, theirs, nobodys) == (["3"], ["5"], ([], []))
    assert len(my_token) == len(their_token) == 1
    assert my_token != their_token
    assert not [copy for copy in copies if "<!--" in copy]


def test_a_list_that_is_not_kept_has_its_spots_too(client: TestClient, shop: Shop) -> None:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 7}).raise_for_status()
    for page in ("/products?sort=name", "/search?q=mug", "/"):
        assert spots(client.get(page).text)[0] == ["7"], page


def test_while_the_keys_cannot_be_read_a_visitor_gets_the_page_as_a_stranger(
    client: TestClient, shop: Shop, resources: Resources
) -> None:
    def away() -> list[bytes]:
        raise psycopg.OperationalError("the database is away")

    page = f"/products/{(product := shop.add_product())}"
    client.put(f"/api/cart/items/{product}", json={"quantity": 3}).raise_for_status()
    resources.session_cookies = SessionCookies(away)
    assert client.get(page).status_code == 200
    assert spots(client.get(page).text) == ([], [])


def test_an_order_shows_on_the_page_of_what_it_took(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    product = shop.add_product(stock=1)
    assert "sold out" not in stranger.get(f"/products/{product}").text
    client.put(f"/api/cart/items/{product}", json={"quantity": 1}).raise_for_status()
    assert client.post("/api/orders", json=CHECKOUT).status_code == 201
    assert "sold out" in stranger.get(f"/products/{product}").text


def test_errors_and_searches_leave_no_copy(stranger: TestClient, shop: Shop, resources: Resources) -> None:
    product = shop.add_product()
    shop.rows("UPDATE products SET active = false")
    assert stranger.get(f"/products/{product}").status_code == 404
    shop.rows("UPDATE products SET active = true")
    resources.cache.flushall()
    assert stranger.get(f"/products/{product}").status_code == 200
    stranger.get("/products?sort=name")
    assert resources.page_copies.find("/products") is None


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def kept(clock: Clock) -> PageCopies:
    copies = PageCopies(clock)
    copies.keep("/", Copy([], SharedBody(b"page"), None, clock.now), changes=copies.changes)
    return copies


def test_one_renews_a_copy_while_the_others_still_get_it_and_nobody_gets_an_old_one() -> None:
    clock = Clock()
    copies = kept(clock)
    assert copies.find("/")
    clock.now += FRESH_SECONDS
    assert [bool(copies.find("/")) for _ in range(3)] == [False, True, True]
    clock.now += KEPT_SECONDS - FRESH_SECONDS
    assert copies.find("/") is None


def test_what_was_begun_before_a_change_is_not_kept() -> None:
    copies = PageCopies()
    before = copies.changes
    copies.drop(["/products/1"])
    copies.keep("/products/1", Copy([], SharedBody(b"old"), None, copies.now()), changes=before)
    assert copies.find("/products/1") is None


def test_the_least_used_of_too_many_copies_is_forgotten() -> None:
    clock = Clock()
    copies = kept(clock)
    for number in range(MOST_COPIES - 1):
        copies.keep(f"/{number}", Copy([], SharedBody(b"page"), None, clock.now), changes=copies.changes)
    assert copies.find("/")
    copies.keep("/one-more", Copy([], SharedBody(b"page"), None, clock.now), changes=copies.changes)
    assert copies.find("/")
    assert copies.find("/0") is None
