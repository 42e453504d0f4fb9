"""A database that sleeps is waited for, one that is away is not."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import PoolTimeout

from storefront import pool
from storefront.application import create_application
from tests.retail.shop import Shop
from tests.storefront.published import plain_resources, published
from tests.storefront.waiting import SECONDS, eventually

PATIENCE_SECONDS, RESUME_SECONDS = 1.0, 40.0  # far from each other, so that one is not taken for the other


class SleepingServer:
    """Takes connections at once, like a paused Aurora, and passes them on only once it is awake."""

    def __init__(self, port: int) -> None:
        self.awake = Event()
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.awake.set()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self.awake.wait()
        server = socket.create_connection(("127.0.0.1", self._target))
        for source, sink in ((client, server), (server, client)):
            Thread(target=self._copy, args=[source, sink], daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        sink.close()


@pytest.fixture(autouse=True)
def _hurry(patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(pool, "RESUME_SECONDS", RESUME_SECONDS)


@pytest.fixture
def asleep(shop: Shop) -> Iterator[SleepingServer]:
    server = SleepingServer(int(str(conninfo_to_dict(shop.conninfo)["port"])))
    yield server
    server.close()


def _client(shop: Shop, cache_url: str, port: int) -> TestClient:
    return TestClient(
        create_application(plain_resources(published(shop.conninfo, cache_url) | {"database/port": str(port)}))
    )


def test_the_first_customer_after_a_pause_waits_and_is_served(
    shop: Shop, cache_url: str, asleep: SleepingServer
) -> None:
    with _client(shop, cache_url, asleep.port) as client, ThreadPoolExecutor(1) as customer:
        answer = customer.submit(client.get, "/api/products")
        time.sleep(3 * PATIENCE_SECONDS)
        assert not answer.done()
        asleep.awake.set()
        assert answer.result().status_code == 200


@pytest.mark.slow
def test_a_database_that_does_not_wake_up_is_a_503_before_the_edge_gives_up(
    shop: Shop, cache_url: str, asleep: SleepingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "RESUME_SECONDS", 3.0)
    with _client(shop, cache_url, asleep.port) as client:
        started = time.monotonic()
        answer = client.get("/api/products")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert 3.0 <= time.monotonic() - started < pool.LIMITS.connect


def test_a_database_that_refuses_is_a_503_at_once(shop: Shop, cache_url: str) -> None:
    with _client(shop, cache_url, 1) as client:
        started = time.monotonic()
        assert client.get("/api/products").status_code == 503
        assert time.monotonic() - started < RESUME_SECONDS / 2


def test_a_process_holds_ten_connections_to_a_server_however_many_ask(
    shop: Shop, cache_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", SECONDS)
    resources = plain_resources(published(shop.conninfo, cache_url))
    holding: list[int] = []
    all_are_answered = Event()

    def hold(customer: int) -> None:
        with resources.writer.transaction():
            holding.append(customer)
            all_are_answered.wait(SECONDS)

    with ThreadPoolExecutor(10) as customers:
        served = [customers.submit(hold, customer) for customer in range(10)]
        eventually(lambda: len(holding) == 10, "ten are served")  # of twenty tasks: 200, for which Aurora has room
        monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.2)
        for customer in range(10, 15):
            with pytest.raises(PoolTimeout):
                hold(customer)
        all_are_answered.set()
        for one in served:
            one.result()
    resources.close()


def test_alive_is_answered_while_every_thread_waits(shop: Shop, cache_url: str, asleep: SleepingServer) -> None:
    with _client(shop, cache_url, asleep.port) as client:
        threads: list[Any] = []

        async def only_one_thread() -> None:
            threads.append(anyio.to_thread.current_default_thread_limiter())
            threads[0].total_tokens = 1

        assert client.portal is not None
        client.portal.call(only_one_thread)
        with ThreadPoolExecutor(1) as customer:
            waiting = customer.submit(client.get, "/api/products")
            time.sleep(0.3)
            eventually(lambda: not threads[0].available_tokens, "the only thread waits")
            assert client.get("/health").status_code == 200
            assert not waiting.done()
            asleep.awake.set()
            assert waiting.result().status_code == 200


def test_many_with_a_cookie_wait_beside_each_other_and_once(shop: Shop, cache_url: str) -> None:
    with _client(shop, cache_url, 1) as client, ThreadPoolExecutor(30) as customers:
        cookie = {"Cookie": "session=gabc.abc.abc"}
        started = time.monotonic()
        statuses = set(customers.map(lambda _: client.get("/api/cart", headers=cookie).status_code, range(30)))
        assert statuses == {503}
        assert time.monotonic() - started < 15 * PATIENCE_SECONDS  # one after the other they would take twice as long
