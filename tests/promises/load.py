"""Customers who never stop buying, and remember every answer they got."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import UUID, uuid4

import httpx2 as httpx

from tests.retail.shop import CHECKOUT
from tests.storefront.running import Storefront

PATIENCE_SECONDS = 60


class Crowd:
    """Customers at one storefront; each looks around, fills a cart, and orders until there is a confirmation."""

    def __init__(self, storefront: Storefront, product: UUID, *, customers: int) -> None:
        self.answers: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.confirmed: list[UUID] = []
        self._storefront = storefront
        self._product = product
        self._closing = Event()
        self._threads = [Thread(target=self._shop, daemon=True) for _ in range(customers)]

    @contextmanager
    def shopping(self) -> Iterator[None]:
        """They are at it for the length of a block, and finish what they have begun."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._closing.set()
            for thread in self._threads:
                thread.join()  # their patience has an end

    def wait_for_orders(self, number: int, within: float = PATIENCE_SECONDS) -> float:
        """Wait until so many more are confirmed; returns how many seconds it took."""
        begun, wanted = time.monotonic(), len(self.confirmed) + number
        while len(self.confirmed) < wanted:
            assert time.monotonic() < begun + within, f"{self.answers} {self.wrong[-3:]}"
            time.sleep(0.02)
        return time.monotonic() - begun

    def _shop(self) -> None:
        with self._storefront.customer() as customer:
            while not self._closing.is_set():
                for path in ("/", f"/products/{self._product}", "/api/products", "/cart"):
                    self._ask(customer, "GET", path)
                self._buy(customer)

    def _buy(self, customer: httpx.Client) -> None:
        key = str(uuid4())
        if not self._persist(customer, "PUT", f"/api/cart/items/{self._product}", json={"quantity": 1}):
            return
        order = self._persist(customer, "POST", "/api/orders", json=CHECKOUT, headers={"Idempotency-Key": key})
        if order is not None:
            self.confirmed.append(UUID(order.json()["id"]))

    def _persist(self, customer: httpx.Client, method: str, path: str, **request: object) -> httpx.Response | None:
        """Ask again after each 503, which has to say that it is worth it; None if it does not come about."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._ask(customer, method, path, **request)
            if answer is not None and answer.status_code != 503:
                return answer if answer.is_success else None
            time.sleep(0.1)
        self.wrong.append(f"{method} {path} did not come about")
        return None

    def _ask(self, customer: httpx.Client, method: str, path: str, **request: object) -> httpx.Response | None:
        try:
            answer = customer.request(method, path, **request)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self.wrong.append(f"{method} {path}: {error!r}")
            return None
        self.answers[answer.status_code] += 1
        if not answer.is_success and not (answer.status_code == 503 and "retry-after" in answer.headers):
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer
