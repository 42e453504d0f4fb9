"""Sessions: begun by us only, new at each sign-in and sign-out, known even without a cache."""

from uuid import UUID

import pytest
import redis
from fastapi.testclient import TestClient
from itsdangerous import TimestampSigner

from storefront import sessions
from storefront.resources import Resources
from storefront.sessions import Session, SessionCookies
from tests.retail.shop import CHECKOUT, EMAIL, Shop
from tests.storefront.account import sign_in, signed_in


def _put(client: TestClient, product_id: UUID, quantity: int) -> None:
    client.put(f"/api/cart/items/{product_id}", json={"quantity": quantity}).raise_for_status()


def _is_signed_in(client: TestClient) -> bool:
    return client.get("/api/session").status_code == 200


def test_signing_in_and_out_changes_the_session_id_and_the_old_ones_are_worth_nothing(
    client: TestClient, stranger: TestClient, shop: Shop
) -> None:
    _put(client, shop.add_product(), 1)
    planted = client.cookies["session"]
    signed_in(client, EMAIL)
    own = client.cookies["session"]
    assert own != planted
    stranger.cookies.set("session", planted)
    assert not _is_signed_in(stranger)
    assert stranger.get("/api/cart").json()["items"] == []
    assert client.delete("/api/session").status_code == 204
    assert client.cookies["session"] not in (planted, own)
    stranger.cookies.set("session", own)
    assert not _is_signed_in(stranger)


def test_the_cart_of_a_guest_comes_along_and_stays_behind_at_sign_out(client: TestClient, shop: Shop) -> None:
    mug, lamp = shop.add_product(name="Mug"), shop.add_product(name="Lamp")
    signed_in(client, EMAIL)
    _put(client, mug, 98)
    client.cookies.delete("session")
    _put(client, mug, 3)
    _put(client, lamp, 2)
    sign_in(client, EMAIL)
    assert {item["name"]: item["quantity"] for item in client.get("/api/cart").json()["items"]} == {"Mug": 3, "Lamp": 2}
    sign_in(client, EMAIL)
    assert client.get("/api/cart").json()["pieces"] == 5
    client.delete("/api/session")
    assert client.get("/api/cart").json()["pieces"] == 0


def test_a_cart_that_moves_never_holds_more_than_it_may(resources: Resources, shop: Shop) -> None:
    mug = shop.add_product()
    resources.carts.put("guest", mug, 60)
    resources.carts.put("customer", mug, 60)
    resources.carts.move("guest", "customer")
    assert resources.carts.quantities("customer") == {mug: 99}
    assert resources.carts.quantities("guest") == {}


@pytest.mark.parametrize("forged", ["x" * 43, "g" + "x" * 43 + ".aaaaaa.bbbbbb", "", ".", "..", "é", "c" * 4000])
def test_a_cookie_that_we_did_not_sign_is_no_session(client: TestClient, shop: Shop, forged: str) -> None:
    cookie = {"Cookie": f"session={forged}".encode("latin-1")}
    assert client.get("/api/session", headers=cookie).status_code == 401  # type: ignore[arg-type]
    mug = shop.add_product()
    put = client.put(f"/api/cart/items/{mug}", json={"quantity": 1}, headers=cookie)  # type: ignore[arg-type]
    assert "session=" in put.headers["set-cookie"]


def test_a_guest_cannot_turn_the_cookie_into_a_customers(client: TestClient, shop: Shop) -> None:
    _put(client, shop.add_product(), 1)
    cookie = client.cookies["session"]
    client.cookies.clear()
    assert client.get("/api/cart", headers={"Cookie": f"session={cookie}"}).json()["pieces"] == 1
    assert client.get("/api/cart", headers={"Cookie": f"session=c{cookie[1:]}"}).json()["pieces"] == 0


def test_a_session_ends_a_month_after_it_began(
    client: TestClient, resources: Resources, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = shop.add_product()
    _put(client, mug, 1)
    assert client.get("/api/cart").json()["pieces"] == 1
    now = TimestampSigner("any").get_timestamp()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now + sessions.COOKIE_SECONDS + 1)
    assert client.get("/api/cart").json()["pieces"] == 0


def test_a_signed_in_session_ends_in_the_database_too(client: TestClient, shop: Shop, cache_url: str) -> None:
    signed_in(client, EMAIL)
    assert _is_signed_in(client)
    shop.rows("UPDATE customer_sessions SET expires_at = now() - interval '1 second'")
    with redis.Redis.from_url(cache_url) as cache:
        cache.flushall()
    assert not _is_signed_in(client)


def test_a_restarted_cache_signs_nobody_out_and_nobody_in(client: TestClient, shop: Shop, cache_url: str) -> None:
    signed_in(client, EMAIL)
    with redis.Redis.from_url(cache_url) as cache:
        cache.flushall()
        assert _is_signed_in(client)
        cookie = client.cookies["session"]
        client.delete("/api/session")
        cache.flushall()
    client.cookies.clear()
    assert client.get("/api/session", headers={"Cookie": f"session={cookie}"}).status_code == 401


def test_a_hit_never_touches_the_database(client: TestClient, resources: Resources, shop: Shop) -> None:
    signed_in(client, EMAIL)
    assert _is_signed_in(client)
    shop.rows("ALTER TABLE customer_sessions RENAME TO out_of_reach")
    assert _is_signed_in(client)


def test_a_cached_session_that_cannot_be_read_is_looked_up(client: TestClient, shop: Shop, cache_url: str) -> None:
    signed_in(client, EMAIL)
    assert _is_signed_in(client)
    with redis.Redis.from_url(cache_url) as cache:
        (key,) = cache.scan_iter("session:*")
        cache.set(key, '{"email": "somebody"}')
    assert _is_signed_in(client)


def test_without_a_cache_customers_stay_signed_in(shop: Shop, client: TestClient, resources: Resources) -> None:
    signed_in(client, EMAIL)
    resources.cache = redis.Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.1)
    assert _is_signed_in(client)
    assert client.delete("/api/session").status_code == 204
    assert not _is_signed_in(client)


def test_a_new_signing_key_is_taken_up_by_running_processes_and_the_old_one_still_verifies() -> None:
    keys = [b"a" * 32]
    here, there = SessionCookies(lambda: list(keys)), SessionCookies(lambda: list(keys))
    old = there.write(Session("one"))
    keys.append(b"b" * 32)
    elsewhere = SessionCookies(lambda: list(keys))
    new = elsewhere.write(Session("two"))
    here._next_read = 0
    assert here.read(old) == Session("one")
    there._next_read = 0
    assert there.read(new) == Session("two")
    assert elsewhere.read(old) == Session("one")


def test_the_pseudonym_of_a_visit_leads_back_to_nothing(client: TestClient, shop: Shop) -> None:
    _put(client, shop.add_product(), 1)
    client.post("/api/orders", json=CHECKOUT)
    payload = shop.rows("SELECT detail -> 'payload' AS it FROM outbox WHERE detail_type = 'OrderPlaced'")[0]["it"]
    session_key = shop.rows("SELECT session_key FROM orders")[0]["session_key"]
    assert len(payload["visit_id"]) == 32
    assert payload["visit_id"] not in (session_key, client.cookies["session"])
    assert payload["customer_id"] is None
