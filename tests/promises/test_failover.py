"""Promise: a database that hangs, or is no longer the writer, is a 503 within our patience, and used again once it is
what it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import httpx2 as httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from local.postgres import Postgres
from retail import database as database_module
from retail.database import UNUSABLE, ConnectionSettings, Limits, PunctualConnection, SingleConnection
from retail.schema import migrate
from storefront import pool, resources
from storefront.application import create_application
from tests.promises.breakable import BreakablePostgres
from tests.promises.breakable import breakable_postgres as breakable_postgres
from tests.promises.breakable import own_servers as own_servers
from tests.retail.shop import CHECKOUT, Shop
from tests.storefront.conftest import browser
from tests.storefront.published import plain_resources, published

pytestmark = pytest.mark.slow

SECONDS_TO_RECOVER = 60
# CloudFront gives up on us after 30. Hurried, we take 2 s for a sign of life and 5 s for another connection, or 3 + 2 s
# for a statement; the rest is for a machine that has other things to do as well.
SECONDS_OF_PATIENCE = 25
HURRIED = Limits(connect=3, statement=3, idle_in_transaction=60)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RESUME_SECONDS", 3.0)
    monkeypatch.setattr(pool, "LIMITS", HURRIED)
    monkeypatch.setattr(resources, "LIMITS", HURRIED)
    monkeypatch.setattr(database_module, "TRUSTED_SECONDS", 3600.0)


@pytest.fixture
def shop(breakable_postgres: BreakablePostgres) -> Iterator[Shop]:
    migrate(breakable_postgres.server.conninfo)
    shop = Shop(breakable_postgres.server.conninfo)
    yield shop
    shop.database.close()


@pytest.fixture
def client(shop: Shop, cache_url: str) -> Iterator[TestClient]:
    resources = plain_resources(published(shop.conninfo, cache_url))
    resources.bus = shop.bus
    with browser(create_application(resources)) as client:
        yield client


def _timed(ask: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return ask(), time.monotonic() - started


def _order(client: TestClient, product: UUID) -> httpx.Response:
    client.put(f"/api/cart/items/{product}", json={"quantity": 1})
    return client.post("/api/orders", json=CHECKOUT)


def _wait_for_an_order(client: TestClient, product: UUID) -> None:
    deadline = time.monotonic() + SECONDS_TO_RECOVER
    while (answer := _order(client, product)).status_code != 201:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < deadline, "the shop does not recover"
        time.sleep(0.2)


def test_a_database_that_hangs_is_a_503_within_the_patience_and_serves_again_when_it_goes_on(
    client: TestClient, shop: Shop, breakable_postgres: BreakablePostgres
) -> None:
    mug = shop.add_product(stock=100)
    _wait_for_an_order(client, mug)
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1}).raise_for_status()
    with breakable_postgres.held("order_items"), ThreadPoolExecutor(1) as customer:
        in_flight = customer.submit(_timed, lambda: client.post("/api/orders", json=CHECKOUT))
        breakable_postgres.wait_until_somebody_waits()
        breakable_postgres.freeze()
        try:
            answer, seconds = _timed(lambda: client.get("/api/orders/7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11"))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert seconds < SECONDS_OF_PATIENCE
            answer, seconds = in_flight.result(timeout=SECONDS_OF_PATIENCE)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert seconds < SECONDS_OF_PATIENCE
        finally:
            breakable_postgres.thaw()
    _wait_for_an_order(client, mug)


def test_a_writer_that_takes_no_writes_any_more_is_a_503_and_left_until_it_does(
    client: TestClient, shop: Shop, breakable_postgres: BreakablePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = shop.add_product(stock=100)
    _wait_for_an_order(client, mug)
    breakable_postgres.refuse_writes(refuse=True)
    with monkeypatch.context() as hurried:
        hurried.setattr(pool, "PATIENCE_SECONDS", 0.5)
        for _ in range(3):  # with the open connection, then without one
            answer = _order(client, mug)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert client.get(f"/api/products/{mug}").status_code == 200
    breakable_postgres.refuse_writes(refuse=False)
    _wait_for_an_order(client, mug)


def test_a_function_gives_a_hanging_database_up_and_takes_a_new_connection(
    shop: Shop, breakable_postgres: BreakablePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = SingleConnection(lambda: shop.conninfo)
    with database.transaction() as connection:
        connection.execute("SELECT 1")
    breakable_postgres.freeze()
    with monkeypatch.context() as hurried:
        hurried.setattr(PunctualConnection, "patience", 2.0)
        started = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="no answer within 2 s"), database.transaction():
            pass
        assert time.monotonic() - started < SECONDS_OF_PATIENCE
    breakable_postgres.thaw()
    with database.transaction() as connection:
        connection.execute("SELECT 1")
    database.close()


def test_a_function_leaves_a_writer_that_takes_no_writes_any_more(
    shop: Shop, breakable_postgres: BreakablePostgres
) -> None:
    shop.add_product()
    asked = []

    def conninfo() -> str:
        asked.append("again")
        return shop.conninfo

    database = SingleConnection(conninfo)
    with database.transaction() as connection:
        connection.execute("UPDATE products SET featured = true")
    breakable_postgres.refuse_writes(refuse=True)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), database.transaction() as connection:
        connection.execute("UPDATE products SET featured = false")
    with database.transaction():
        assert asked == ["again", "again"]
    database.close()


def _settings(server: Postgres) -> ConnectionSettings:
    return ConnectionSettings(
        host="127.0.0.1",
        port=server.port,
        name="postgres",
        username=server.user,
        password=server.password,
        sslmode="disable",
    )


def test_only_who_writes_is_refused_by_a_server_that_takes_no_writes(breakable_postgres: BreakablePostgres) -> None:
    settings = _settings(breakable_postgres.server)
    breakable_postgres.refuse_writes(refuse=True)
    with pytest.raises(psycopg.OperationalError, match="read-only"):
        psycopg.connect(settings.conninfo)
    psycopg.connect(replace(settings, writes=False).conninfo).close()


def test_the_server_ends_what_takes_too_long_or_rests_within_a_transaction(
    breakable_postgres: BreakablePostgres,
) -> None:
    def limited(*, statement: int, idle_in_transaction: int) -> psycopg.Connection:
        limits = Limits(connect=40, statement=statement, idle_in_transaction=idle_in_transaction)
        settings = replace(_settings(breakable_postgres.server), limits=limits)
        return psycopg.connect(settings.conninfo, autocommit=True)

    with limited(statement=1, idle_in_transaction=60) as connection, pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT pg_sleep(60)")
    with limited(statement=60, idle_in_transaction=1) as connection:
        connection.execute("BEGIN")
        session = connection.info.backend_pid
        breakable_postgres.wait_until(f"NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {session})")
        with pytest.raises(UNUSABLE):
            connection.execute("SELECT 1")
