"""A shop whose processes start, die and start again, while the world around it stays."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID

import httpx2 as httpx
import pytest
from redis import Redis

from local.run_directory import free_port, is_listening
from retail.bus import EventBridgeBus
from retail.outbox import publish_pending
from tests.log_watch import assert_nothing_private
from tests.promises.failpoints import ENDED, KILLED, Point, reached
from tests.promises.processes import run_functions, run_storefront
from tests.promises.world import SCHEMA, World
from tests.retail import stripe_api
from tests.retail.shop import CHECKOUT as ANY_CHECKOUT
from tests.retail.shop import Shop
from tests.retail.stripe_api import StripeApi

PATIENCE_SECONDS = 120
APPROVED_CARD, DECLINED_CARD = "pm_card_visa", "pm_card_chargeDeclinedInsufficientFunds"
CHECKOUT = ANY_CHECKOUT | {"payment_token": APPROVED_CARD}
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["__main__", "pytest", "tests.promises.processes"])


class House:
    """A shop whose processes start, die and start again, while the world around it stays."""

    def __init__(self, shop: Shop, cache_url: str, directory: Path, bank: StripeApi, bank_address: str) -> None:
        self.shop = shop
        self.bank = bank
        shop.rows(SCHEMA)
        self.world = World(shop.conninfo)
        self.port = free_port()
        self.cache = Redis.from_url(cache_url)
        self._places = (shop.conninfo, cache_url)
        self._bank_address = bank_address
        self._directory = directory
        self._started: list[BaseProcess] = []

    def close(self) -> None:
        """Leave nothing running, whatever the test came to, and nothing connected."""
        for process in self._started:
            process.kill()
            process.join(PATIENCE_SECONDS)
        self.world.close()
        self.cache.close()

    def stock_up(self) -> UUID:
        """A product with ten pieces, in a shop whose caches are cold: so that each run has the same effects."""
        self.cache.flushall()
        self.cache.script_flush()
        return self.shop.add_product(stock=10)

    @contextmanager
    def storefront(self, fatal: Point | None) -> Iterator[Path]:
        """A storefront that may die, and the journal of what it reaches."""
        process, journal = self.start(run_storefront, fatal, self.port)
        try:
            eventually(lambda: is_listening(self.port) or not process.is_alive())
            yield journal
            eventually(lambda: not process.is_alive() if fatal else self.world.is_published(), fatal)
        finally:
            process.terminate()
            process.join(PATIENCE_SECONDS)
        assert_nothing_private(journal.with_suffix(".log"))
        assert process.exitcode in (KILLED if fatal else ENDED), f"ended with {process.exitcode} at {fatal}"

    def customer(self, cookies: dict[str, str] | None = None) -> httpx.Client:
        """Somebody with patience, who uses no connection that the storefront may be leaving."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            cookies=cookies,
            timeout=PATIENCE_SECONDS,
            limits=httpx.Limits(keepalive_expiry=1.0),
        )

    def run_functions(self, fatal: Point | None) -> list[Point]:
        """Deliver everything, or die; returns the effects that were reached."""
        process, journal = self.start(run_functions, fatal, self._bank_address)
        process.join(PATIENCE_SECONDS)
        assert_nothing_private(journal.with_suffix(".log"))
        assert process.exitcode in (KILLED if fatal else ENDED), f"ended with {process.exitcode} at {fatal}"
        return reached(journal)

    def finish(self) -> None:
        """What a relay and the functions do by themselves as long as nobody kills them."""
        while not (self.world.is_published() and self.world.is_delivered()):
            eventually(lambda: self.publish() or self.world.is_published())
            self.run_functions(None)

    def publish(self) -> int:
        """What a relay does."""
        bus = EventBridgeBus(self.world, "RetailEventBus")  # type: ignore[arg-type]
        return publish_pending(self.shop.database, bus)

    def orders_of(self, product: UUID) -> list[UUID]:
        """Everything that was ordered of a product."""
        return [
            row["order_id"] for row in self.shop.rows("SELECT order_id FROM order_items WHERE product_id = %s", product)
        ]

    def start(self, target: Callable[..., None], fatal: Point | None, *more: int | str) -> tuple[BaseProcess, Path]:
        """A process that may die, and the journal of what it reaches."""
        journal = self._directory / f"{len(self._started)}.journal"
        process = FORKS.Process(target=target, args=(*self._places, journal, fatal, *more))
        process.start()
        self._started.append(process)
        return process, journal


def eventually(look: Callable[[], object], reason: object = "") -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, f"it does not come about: {reason}"
        time.sleep(0.02)


@pytest.fixture
def house(shop: Shop, cache_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    # The process that forks looks here for what it imports once for all; what it does not find it leaves out silently.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    bank = StripeApi()
    with stripe_api.serve(bank) as bank_address:
        house = House(shop, cache_url, tmp_path, bank, bank_address)
        yield house
        house.close()


def buy(customer: httpx.Client, product: UUID, key: str) -> UUID | None:
    """The order that the customer has a confirmation for; None when the storefront died before it gave one."""
    with suppress(httpx.TransportError):
        customer.put(f"/api/cart/items/{product}", json={"quantity": 2}).raise_for_status()
        answer = customer.post("/api/orders", json=CHECKOUT, headers={"Idempotency-Key": key})
        return UUID(answer.raise_for_status().json()["id"])
    return None
