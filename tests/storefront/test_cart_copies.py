"""The copy of the cart that the customer keeps: while the cache is away, and after it has come back."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from redis import Redis

from retail.cache import connect_cache
from retail.cart import LARGEST_CART
from storefront.resources import Resources
from storefront.sessions import Session
from tests.retail.shop import CHECKOUT, Shop
from tests.storefront.account import signed_in


class Cache:
    """A cache that goes away and comes back."""

    def __init__(self, resources: Resources, cache_url: str) -> None:
        self._resources = resources
        self._there: Redis = connect_cache(cache_url.removeprefix("redis://"), scheme="redis")
        self._away: Redis = connect_cache("127.0.0.1:1", scheme="redis")

    def leave(self) -> None:
        self._resources.cache = self._away

    def lose_everything(self) -> None:
        self._there.flushall()

    def come_back(self) -> None:
        self._resources.cache = self._there


@pytest.fixture
def cache(resources: Resources, cache_url: str) -> Cache:
    return Cache(resources, cache_url)


def pieces(client: TestClient) -> dict[str, int]:
    return {item["product_id"]: item["quantity"] for item in client.get("/api/cart").json()["items"]}


def put(client: TestClient, product: object, quantity: int) -> int:
    return client.put(f"/api/cart/items/{product}", json={"quantity": quantity}).status_code


def test_a_cart_stays_the_same_while_the_cache_goes_and_comes_back(
    client: TestClient, shop: Shop, cache: Cache
) -> None:
    mug, lamp, book = (str(shop.add_product()) for _ in range(3))
    put(client, mug, 3)
    put(client, lamp, 1)
    cache.leave()
    assert pieces(client) == {mug: 3, lamp: 1}
    put(client, mug, 1)
    put(client, book, 2)
    client.delete(f"/api/cart/items/{lamp}")
    assert pieces(client) == {mug: 1, book: 2}
    cache.come_back()
    assert pieces(client) == {mug: 1, book: 2}
    put(client, book, 4)
    assert pieces(client) == {mug: 1, book: 4}


def test_a_cart_that_the_cache_lost_is_restored_and_one_that_was_ordered_is_not(
    client: TestClient, shop: Shop, cache: Cache
) -> None:
    mug = str(shop.add_product())
    put(client, mug, 3)
    before = client.cookies["cart"]
    cache.lose_everything()
    assert pieces(client) == {mug: 3}
    client.post("/api/orders", json=CHECKOUT).raise_for_status()
    client.cookies.set("cart", before)  # the answer got lost
    assert pieces(client) == {}


def test_a_cart_whose_last_piece_was_taken_out_stays_empty_whatever_an_older_cookie_tells(
    client: TestClient, shop: Shop
) -> None:
    mug = str(shop.add_product())
    put(client, mug, 3)
    before = client.cookies["cart"]
    client.delete(f"/api/cart/items/{mug}")
    client.cookies.set("cart", before)  # a request that was on its way meanwhile
    assert pieces(client) == {}


def test_an_order_without_the_cache_leaves_an_empty_cart_behind_when_it_comes_back(
    client: TestClient, shop: Shop, cache: Cache
) -> None:
    mug = str(shop.add_product())
    put(client, mug, 3)
    cache.leave()
    assert client.post("/api/orders", json=CHECKOUT).status_code == 201
    assert pieces(client) == {}
    cache.come_back()
    assert pieces(client) == {}


def test_an_empty_cart_says_so_only_if_that_may_be_for_want_of_the_cache(
    client: TestClient, shop: Shop, cache: Cache
) -> None:
    put(client, shop.add_product(), 1)
    client.cookies.delete("cart")
    cache.leave()
    assert "Nothing is lost" in client.get("/api/cart").json()["notice"]
    put(client, shop.add_product(), 1)
    assert client.get("/api/cart").json().get("notice") is None


def test_a_copy_is_of_its_session_or_it_is_nothing(client: TestClient, shop: Shop, cache: Cache) -> None:
    mug, stranger = str(shop.add_product()), TestClient(client.app)
    put(stranger, mug, 1)
    cache.leave()
    put(client, mug, 5)
    spare, session = client.cookies["cart"], stranger.cookies["session"]
    for forged in (spare, spare[:-1] + "A", "", ".", "no signature", "\u00e9", "a.b", "0" * 64 + "." + "=" * 9):
        answer = stranger.get("/api/cart", headers={b"Cookie": f"session={session}; cart={forged}".encode()})
        assert (answer.status_code, answer.json()["items"]) == (200, []), forged


def test_whoever_reads_their_own_session_out_of_its_cookie_writes_no_copy_with_it(
    client: TestClient, shop: Shop, cache: Cache
) -> None:
    mug = shop.add_product(stock=1000)
    put(client, mug, 1)
    cache.leave()
    session = client.cookies["session"]
    text = urlsafe_b64encode(b"\1" + mug.bytes + bytes([50])).decode()
    for key in (session.partition(".")[0][1:], session, ""):
        for signed in (f"cart{text}", f"{key}.{text}", text):
            forged = f"{hmac.digest(key.encode(), signed.encode(), 'sha256').hex()}.{text}"
            answer = client.get("/api/cart", headers={b"Cookie": f"session={session}; cart={forged}".encode()})
            assert (answer.status_code, answer.json()["items"]) == (200, []), forged


@pytest.mark.parametrize(
    "packed",
    [
        b"\1" + UUID(int=1).bytes,
        b"\0abc",
        b"\1" + UUID(int=1).bytes + b"\0",
        b"\1" + UUID(int=1).bytes + bytes([100]),
        b"\1" + b"".join(uuid4().bytes + b"\1" for _ in range(LARGEST_CART + 1)),
        b"\7",
    ],
)
def test_a_copy_of_what_no_cart_holds_is_none(
    client: TestClient, shop: Shop, cache: Cache, resources: Resources, packed: bytes
) -> None:
    mug = shop.add_product(stock=1000)
    put(client, mug, 2)
    session = Session(client.cookies["session"].partition(".")[0][1:])
    sealed = resources.session_cookies.seal(session, "cart", packed.replace(UUID(int=1).bytes, mug.bytes))
    client.cookies.delete("cart")
    client.cookies.set("cart", sealed)
    for path in ("/", "/cart", "/checkout"):
        assert client.get(path).status_code == 200
    assert pieces(client) == {str(mug): 2}, "the cache is right"
    cache.leave()
    assert client.post("/api/orders", json=CHECKOUT).json()["type"] == "urn:retail:problem:empty-cart"


def test_the_cart_goes_along_when_somebody_signs_in(client: TestClient, shop: Shop, cache: Cache) -> None:
    mug = str(shop.add_product())
    cache.leave()
    put(client, mug, 2)
    signed_in(client, "kim.example@example.com")
    assert pieces(client) == {mug: 2}
    cache.come_back()
    assert pieces(client) == {mug: 2}


@pytest.mark.parametrize("away", [False, True])
def test_a_cart_holds_so_many_products_with_the_cache_and_without(
    client: TestClient, shop: Shop, cache: Cache, away: bool
) -> None:
    shop.rows(
        "INSERT INTO products (id, sku, name, price, inventory_count) "
        "SELECT gen_random_uuid(), 'sku-' || n, 'Mug', 1, 10 FROM generate_series(0, %s) AS n",
        LARGEST_CART,
    )
    *fitting, last = [row["id"] for row in shop.rows("SELECT id FROM products")]
    if away:
        cache.leave()
    assert {put(client, product, 99) for product in fitting} == {200}
    assert put(client, last, 99) == 409
    assert put(client, fitting[0], 1) == 200
    assert len(pieces(client)) == LARGEST_CART
    assert len(client.cookies["cart"]) < 1000
