"""`Idempotency-Key`: one key, one order, whatever happens in between."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from uuid import UUID

import psycopg
import pytest
import redis
from fastapi.testclient import TestClient
from httpx2 import Response

from retail import idempotency, stock
from retail.database import Connection
from retail.errors import InsufficientStockError
from storefront.resources import Resources
from tests.retail.shop import CHECKOUT, FORM, Shop
from tests.storefront.waiting import SECONDS, blocked, eventually

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def _put(client: TestClient, product_id: UUID, quantity: int = 1) -> None:
    client.put(f"/api/cart/items/{product_id}", json={"quantity": quantity}).raise_for_status()


def _order(client: TestClient, key: str = KEY, **other: str) -> Response:
    return client.post("/api/orders", json=CHECKOUT | other, headers={"Idempotency-Key": key})


def test_asking_again_gives_the_same_answer_and_orders_nothing_more(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(stock=10)
    _put(client, mug, 2)
    first, again, quoted = _order(client), _order(client), _order(client, f'"{KEY}"')
    assert first.status_code == 201
    assert (again.status_code, again.json(), again.headers["location"]) == (
        201,
        first.json(),
        first.headers["location"],
    )
    assert quoted.json() == first.json()
    assert [shop.count("orders"), shop.count("outbox")] == [1, 2]
    assert shop.stock(mug) == (10, 2)
    _put(client, mug, 1)
    assert _order(client).json() == first.json()
    assert client.get("/api/cart").json()["pieces"] == 1, "what was put into the cart since is not lost"
    assert _order(client, "another-key").json()["id"] != first.json()["id"]


def test_the_same_key_for_another_request_is_a_422(client: TestClient, shop: Shop) -> None:
    _put(client, shop.add_product())
    _order(client)
    refused = _order(client, payment_token="tok_chargeDeclined".lower())
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:retail:problem:idempotency-key-reused")
    assert shop.count("orders") == 1


def test_a_key_is_known_to_its_session_only(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    _put(client, mug)
    _put(stranger, mug)
    assert _order(client).json()["id"] != _order(stranger).json()["id"]


@pytest.mark.parametrize("key", ["short", "x" * 201, "with blanks in it", 'un"balanced', '"half-quoted'])
def test_a_key_that_is_none_is_a_422(client: TestClient, shop: Shop, key: str) -> None:
    _put(client, shop.add_product())
    assert _order(client, key).status_code == 422
    assert shop.count("orders") == 0


def test_nor_does_a_form_bring_one_that_the_api_would_not_take(client: TestClient, shop: Shop) -> None:
    _put(client, shop.add_product())
    for key in ("short", "x" * 201, "with blanks in it", "é" * 20):
        assert client.post("/checkout", data=FORM | {"idempotency_key": key}).status_code == 422
    assert shop.count("orders") == 0


def test_a_failure_may_be_tried_again_under_the_same_key(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(stock=1)
    _put(client, mug, 2)
    assert _order(client).status_code == 409
    shop.rows("UPDATE products SET inventory_count = 5")
    assert _order(client).status_code == 201
    assert shop.count("orders") == 1


def test_a_crash_before_the_commit_leaves_no_key_and_no_order(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(client, shop.add_product())
    with monkeypatch.context() as crash:

        def die(connection: Connection, *_: object) -> None:
            connection.execute("SET ROLE NONE")  # the storefront's may not
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        crash.setattr(stock, "record_reservations", die)
        assert _order(client).status_code == 503
    assert [shop.count("orders"), shop.count("idempotency_keys")] == [0, 0]
    assert _order(client).status_code == 201


def test_a_crash_after_the_commit_orders_once_and_empties_the_cart_at_the_next_attempt(
    client: TestClient, resources: Resources, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(client, shop.add_product(), 2)
    with monkeypatch.context() as crash:

        def die(*_: object) -> None:
            raise SystemError("killed")

        crash.setattr(type(resources.carts), "clear", die)
        assert _order(client).status_code == 500
    assert client.get("/api/cart").json()["pieces"] == 2
    assert _order(client).status_code == 201
    assert shop.count("orders") == 1
    assert client.get("/api/cart").json()["pieces"] == 0


def test_twenty_at_once_place_one_order_and_all_are_told_the_same(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(stock=100)
    _put(client, mug, 3)
    with ThreadPoolExecutor(20) as impatient:
        answers = list(impatient.map(lambda _: _order(client), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [shop.count("orders"), shop.count("idempotency_keys")] == [1, 1]
    assert shop.stock(mug) == (100, 3)


def test_a_duplicate_waits_for_the_first_and_takes_its_place_when_that_fails(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    _put(client, mug)
    begun, fail = Event(), Event()
    original = stock.record_reservations

    def hesitate(connection: Connection, order_id: UUID, quantities: dict[UUID, int]) -> None:
        if not begun.is_set():
            begun.set()
            fail.wait(SECONDS)
            raise InsufficientStockError(product_id=mug, name="Mug", wanted=1, available=0)
        original(connection, order_id, quantities)

    stock.record_reservations = hesitate  # type: ignore[assignment]
    try:
        with ThreadPoolExecutor(2) as customer:
            first = customer.submit(_order, client)
            assert begun.wait(SECONDS)
            second = customer.submit(_order, client)
            eventually(lambda: second.done() or blocked(shop), "the second one waits")
            assert not second.done()
            fail.set()
            assert first.result().status_code == 409
            assert second.result().status_code == 201
    finally:
        stock.record_reservations = original
    assert shop.count("orders") == 1


def test_a_duplicate_that_waits_too_long_is_told_to_come_back(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "SECONDS_FOR_ANOTHER", 0.5)
    _put(client, shop.add_product())
    placed = _order(client).json()["id"]
    _put(client, shop.add_product())
    with psycopg.connect(shop.conninfo) as slow:
        slow.execute(
            "INSERT INTO idempotency_keys SELECT session_key, 'in-flight-key', request_hash, order_id, now(), now() "
            "FROM idempotency_keys WHERE order_id = %s",
            [placed],
        )
        refused = _order(client, "in-flight-key")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:retail:problem:request-in-progress")
    assert refused.headers["retry-after"]
    assert shop.count("orders") == 1


def test_without_a_cache_a_customer_still_learns_of_the_order_that_was_placed(
    client: TestClient, resources: Resources, shop: Shop
) -> None:
    _put(client, shop.add_product())
    placed = _order(client).json()
    resources.cache = redis.Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.1)
    assert _order(client).json() == placed
    assert _order(client, "another-key").json()["type"] == "urn:retail:problem:empty-cart"


def test_a_key_is_free_again_after_a_day(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    _put(client, mug)
    first = _order(client).json()["id"]
    shop.rows("UPDATE idempotency_keys SET expires_at = expires_at - %s", timedelta(hours=23, minutes=59))
    assert _order(client).json()["id"] == first
    shop.rows("UPDATE idempotency_keys SET expires_at = expires_at - %s", timedelta(minutes=1))
    _put(client, mug)
    assert _order(client).json()["id"] != first


def test_a_form_that_is_sent_twice_orders_once(client: TestClient, shop: Shop) -> None:
    _put(client, shop.add_product())
    page = client.get("/checkout").text
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', page)
    form = dict(hidden) | FORM
    first, again = client.post("/checkout", data=form), client.post("/checkout", data=form)
    assert first.headers["location"] == again.headers["location"]
    assert shop.count("orders") == 1
    other = client.post("/checkout", data=form | {"email": "other@example.com"})
    assert (other.status_code, shop.count("orders")) == (409, 1)
