"""When something is away, and what reaches the log."""

import io
import json
import time
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from retail import cache
from retail.cache import TIMEOUT_SECONDS
from retail.observability import logger
from retail.schema import Migration, load_migrations, migrate
from storefront import pool, rate_limits, relay
from storefront.application import create_application
from storefront.resources import Resources
from storefront.sessions import Session
from tests.log_watch import private_in
from tests.promises.breakable import BreakableCache
from tests.promises.breakable import breakable_cache as breakable_cache
from tests.promises.breakable import own_servers as own_servers
from tests.retail.shop import CHECKOUT, EMAIL, FORM, Shop
from tests.storefront.account import register, sign_in
from tests.storefront.conftest import browser
from tests.storefront.published import FixedDiscovery, plain_resources, published
from tests.storefront.test_credentials import ROLE
from tests.storefront.waiting import SECONDS

A_SESSION = Session("s" * 43)


@pytest.fixture
def without_cache(shop: Shop) -> Resources:
    resources = plain_resources(published(shop.conninfo, "redis://127.0.0.1:1"))
    resources.bus = shop.bus
    return resources


def test_without_a_cache_the_cart_begins_empty_says_why_and_can_be_ordered(
    shop: Shop, without_cache: Resources
) -> None:
    mug = shop.add_product()
    with TestClient(
        create_application(without_cache), cookies={"session": without_cache.session_cookies.write(A_SESSION)}
    ) as client:
        assert client.get("/api/products").status_code == 200
        cart = client.get("/api/cart")
        assert (cart.status_code, cart.json()["items"]) == (200, [])
        assert "Nothing is lost" in cart.json()["notice"]
        assert "Nothing is lost" in client.get("/cart").text
        assert client.post("/api/orders", json=CHECKOUT).json()["type"] == "urn:retail:problem:empty-cart"
        changed = client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
        assert (changed.status_code, changed.json()["pieces"]) == (200, 1)
        assert client.post("/api/orders", json=CHECKOUT).status_code == 201
        assert client.get("/api/cart").json()["items"] == []
        assert client.get("/ready").status_code == 200
    assert shop.count("orders") == 1


def test_a_cache_that_hangs_is_waited_for_by_one_page_and_by_none_after_it(
    shop: Shop, breakable_cache: BreakableCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SECONDS_LEFT_ALONE", 10 * SECONDS)
    monkeypatch.setattr(rate_limits, "SECONDS_WITHOUT_CACHE", 10 * SECONDS)
    monkeypatch.setattr(cache, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    mug = shop.add_product(category="kitchen")
    resources = plain_resources(published(shop.conninfo, breakable_cache.server.url))
    resources.bus = shop.bus
    with browser(create_application(resources)) as client:
        client.put(f"/api/cart/items/{mug}", json={"quantity": 1}).raise_for_status()
        breakable_cache.freeze()
        try:
            assert client.get("/api/products").status_code == 200
            patient = {
                "socket_timeout": 20.0,
                "socket_connect_timeout": 20.0,
            }  # no page is as slow as one that waits now
            resources.cache.connection_pool.connection_kwargs.update(patient)
            resources.cache.connection_pool.reset()
            for path in ("/cart", "/api/products", f"/api/products/{mug}", "/categories/kitchen", "/api/cart"):
                started = time.monotonic()
                assert client.get(path).status_code == 200
                assert time.monotonic() - started < 20.0, path
        finally:
            breakable_cache.thaw()


def test_without_a_payment_gateway_nothing_can_be_ordered(shop: Shop, cache_url: str) -> None:
    resources = plain_resources(published(shop.conninfo, cache_url), payment_gateway="none")
    mug = shop.add_product()
    with TestClient(create_application(resources)) as client:
        client.put(f"/api/cart/items/{mug}", json={"quantity": 1}).raise_for_status()
        refused = client.post("/api/orders", json=CHECKOUT)
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:retail:problem:payments-unavailable"
        page = client.get("/checkout").text
        assert "takes no payments yet" in page
        assert "Place order" not in page
    assert [shop.count("orders"), shop.count("outbox")] == [0, 0]


@pytest.mark.parametrize("path", ["/api/orders", "/checkout"])
def test_a_checkout_that_fails_for_our_reasons_is_counted_and_no_other(
    shop: Shop, cache_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    sent: dict[str, Any] = {"json": CHECKOUT} if path.startswith("/api") else {"data": FORM}

    def counted() -> int:
        return capsys.readouterr().out.count('"CheckoutsRefused":[1.0]')

    with browser(create_application(plain_resources(published(shop.conninfo, cache_url)))) as client:
        assert client.post(path, **sent).status_code == 409  # an empty cart
        assert counted() == 0
    with browser(create_application(plain_resources(published(shop.conninfo, cache_url), "none"))) as client:
        client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1})
        assert client.post(path, **sent).status_code == 503
        assert counted() == 1
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.3)
    away = published(shop.conninfo, cache_url) | {"database/port": "1"}
    with browser(create_application(plain_resources(away))) as client:
        assert client.post(path, **sent).status_code == 503
        assert client.get("/api/products").status_code == 503
        assert counted() == 1


def test_before_anything_is_published_the_shop_is_alive_but_not_ready_and_says_what_is_missing(
    shop: Shop, cache_url: str
) -> None:
    values = published(shop.conninfo, cache_url)
    resources = plain_resources(values)
    resources.discovery = FixedDiscovery({})
    with TestClient(create_application(resources)) as client:
        assert client.get("/health").json() == {"status": "alive"}
        ready = client.get("/ready")
        assert ready.status_code == 503
        assert "database/writer-endpoint" in ready.json()["missing"]
        assert client.get("/api/products").json()["type"] == "urn:retail:problem:unavailable"
        resources.discovery = FixedDiscovery(values)
        assert client.get("/ready").json() == {"status": "ready", "missing": []}
        assert client.get("/api/products").status_code == 200


def test_before_the_migrations_the_schema_is_named_as_missing(database_url: str, cache_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as administrator:
        administrator.execute(ROLE)  # it is the server's, who has it only once a database has been migrated
    with TestClient(create_application(plain_resources(published(database_url, cache_url)))) as client:
        assert client.get("/ready").json()["missing"] == ["database schema"]


def test_code_that_is_newer_than_the_database_is_not_ready_and_names_what_it_waits_for(
    database_url: str, cache_url: str
) -> None:
    *all_but_one, newest = load_migrations()
    migrate(database_url, migrations=all_but_one)
    with TestClient(create_application(plain_resources(published(database_url, cache_url)))) as client:
        behind = client.get("/ready")
        assert (behind.status_code, behind.json()["missing"]) == (503, [f"migration {newest.name}"])
        migrate(database_url)
        assert client.get("/ready").status_code == 200


def test_code_that_is_older_than_the_database_is_ready(client: TestClient, shop: Shop) -> None:
    migrate(shop.conninfo, migrations=[*load_migrations(), Migration(9999, "9999_of_the_next_release", "SELECT 1")])
    assert client.get("/ready").status_code == 200


def test_without_a_database_the_answer_is_a_503_in_time(
    shop: Shop, cache_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.3)
    resources = plain_resources(published(shop.conninfo, cache_url) | {"database/port": "1"})
    with TestClient(create_application(resources)) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").json()["missing"] == ["database"]
        response = client.get("/api/products")
        assert (response.status_code, response.json()["type"]) == (503, "urn:retail:problem:unavailable")


ELSEWHERE = "127.0.0.2"  # where no database listens


def test_p8_catalog_and_availability_are_read_where_the_writer_is_not(
    shop: Shop, cache_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SECONDS_BETWEEN_LOOKS", SECONDS)  # else it begins to wait for the writer meanwhile
    mug = shop.add_product(name="Kettle", category="kitchen")
    values = published(shop.conninfo, cache_url) | {"database/writer-endpoint": ELSEWHERE}
    with browser(create_application(plain_resources(values))) as client:
        assert client.get(f"/api/products/{mug}").json()["available"] == 10
        for path in ("/", "/products", "/search?q=kettle", "/categories/kitchen", "/api/products", "/api/categories"):
            assert client.get(path).status_code == 200, path
        monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.3)
        assert client.put(f"/api/cart/items/{mug}", json={"quantity": 1}).status_code == 503  # signed by the writer


def test_p8_orders_and_stock_are_written_where_the_reader_is_not(
    shop: Shop, cache_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = shop.add_product()
    resources = plain_resources(published(shop.conninfo, cache_url) | {"database/reader-endpoint": ELSEWHERE})
    resources.bus = shop.bus
    with browser(create_application(resources)) as client:
        with monkeypatch.context() as briefly:
            briefly.setattr(pool, "PATIENCE_SECONDS", 0.3)
            assert client.get("/api/products").status_code == 503
        client.cookies.set("session", resources.session_cookies.write(A_SESSION))
        resources.carts.put(A_SESSION.key, mug, 2)
        assert client.post("/api/orders", json=CHECKOUT).status_code == 201
    assert [shop.count("orders"), shop.stock(mug)] == [1, (10, 2)]


def test_an_error_nobody_foresaw_is_a_problem_without_details(
    client: TestClient, resources: Resources, monkeypatch: pytest.MonkeyPatch, logs: io.StringIO
) -> None:
    def fail(_: object) -> str:
        raise RuntimeError("something internal")

    monkeypatch.setattr(Session, "key", property(fail))
    client.cookies.set("session", resources.session_cookies.write(A_SESSION))
    response = client.get("/api/cart")
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "internal" not in response.text
    assert "something internal" in logs.getvalue()


def test_no_address_no_session_and_no_token_reach_the_log(client: TestClient, shop: Shop, logs: io.StringIO) -> None:
    mug = shop.add_product()
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
    assert client.post("/api/orders", json=CHECKOUT | {"payment_token": "4111111111111111"}).status_code == 422
    assert client.post("/api/orders", json=CHECKOUT).status_code == 201
    assert client.post("/checkout", data=FORM).status_code == 409
    log = logs.getvalue()
    assert log.count('"message":"request"') == 4
    for secret in (EMAIL, "tok_visa", "4111111111111111", client.cookies["session"]):
        assert secret not in log
    placed = next(json.loads(line) for line in log.splitlines() if '"order placed"' in line)
    access = [json.loads(line) for line in log.splitlines() if '"message":"request"' in line]
    assert placed["correlation_id"] == placed["request_id"] == access[2]["correlation_id"]
    assert {"method", "route", "status", "duration_ms"} <= access[2].keys()


def test_what_people_type_into_an_address_is_not_logged(client: TestClient, shop: Shop, logs: io.StringIO) -> None:
    mug = shop.add_product()
    for path in (f"/{EMAIL}", "/4242424242424242", f"/api/orders/{EMAIL}", f"/products/{mug}?email={EMAIL}"):
        client.get(path)
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
    access = [json.loads(line) for line in logs.getvalue().splitlines() if '"message":"request"' in line]
    routes = ["unmatched", "unmatched", "/api/orders/{order_id}", "/products/{product_id:uuid}"]
    assert [line["route"] for line in access[:4]] == routes
    assert access[4]["product_id"] == str(mug)
    assert private_in(logs.getvalue()) == []


@pytest.mark.parametrize(
    "offered", ["4242424242424242", "4242-4242-4242-4242", "kim@example.com", "seven-purple-wagons", "4" * 32]
)
def test_a_correlation_id_that_is_no_id_is_replaced(client: TestClient, logs: io.StringIO, offered: str) -> None:
    assert client.get("/", headers={"X-Correlation-Id": offered}).headers["x-correlation-id"] != offered
    assert offered not in logs.getvalue()


@pytest.mark.parametrize(
    "offered",
    [
        "7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "1-5759e988-bd862e3fe1be46a994272793",
    ],
)
def test_a_callers_own_correlation_id_stays(client: TestClient, offered: str) -> None:
    assert client.get("/", headers={"X-Correlation-Id": offered}).headers["x-correlation-id"] == offered


def test_what_would_be_private_is_recognised(logs: io.StringIO, resources: Resources) -> None:
    cookie = resources.session_cookies.write(A_SESSION)
    for private in (EMAIL, "4242424242424242", "tok_visa", cookie, "$argon2id$v=19$"):
        assert private_in(f'{{"message":"x {private} y"}}'), private
    logger.info("a line", order_id="7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11", duration_ms=1.5)
    assert private_in(logs.getvalue()) == []


def test_accounts_leave_nothing_private_in_the_log_whatever_goes_wrong(
    client: TestClient, shop: Shop, logs: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, EMAIL)
    register(client, EMAIL, "short")
    register(client, f"{EMAIL} {EMAIL}")
    sign_in(client, EMAIL, "wrong password")
    sign_in(client, EMAIL)
    client.get("/account")
    shop.rows("UPDATE customers SET password_hash = 'damaged'")
    assert sign_in(client, EMAIL).status_code == 500
    shop.rows("ALTER TABLE customers ADD CONSTRAINT nobody CHECK (email = 'x') NOT VALID")
    assert register(client, "other@example.com").status_code == 500
    lines = logs.getvalue()
    assert "request failed" in lines
    assert "signed in" in lines
    assert "other@example.com" not in lines
