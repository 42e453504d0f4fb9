"""What goes into carts is told for analytics, and no request ever pays for it."""

import time
from threading import Event
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from retail.bus import BusEntry
from retail.events import CONTRACTS
from storefront import announcements
from storefront.resources import Resources
from tests.retail.shop import Shop
from tests.storefront.waiting import SECONDS, eventually


class StuckBus:
    """A bus that answers when it is allowed to."""

    def __init__(self) -> None:
        self.reached, self.free = Event(), Event()
        self.entries: list[BusEntry] = []

    def put(self, entries: list[BusEntry]) -> dict[UUID, str]:
        self.reached.set()
        self.free.wait(SECONDS)
        self.entries += entries
        return {}


def put(client: TestClient, product_id: UUID, quantity: int) -> float:
    started = time.perf_counter()
    assert client.put(f"/api/cart/items/{product_id}", json={"quantity": quantity}).status_code == 200
    return time.perf_counter() - started


def told(shop: Shop) -> list[BusEntry]:
    def found() -> list[BusEntry]:
        return [entry for entry in shop.bus.entries if entry.detail_type == "ProductAddedToCart"]

    eventually(found, "it is told")
    return found()


def test_what_goes_into_a_cart_is_told_without_saying_whose_it_is(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    put(client, mug, 2)
    (entry,) = told(shop)
    payload = CONTRACTS["ProductAddedToCart"].model_validate(entry.detail["payload"]).model_dump(mode="json")
    assert (payload["product_id"], payload["quantity"], entry.source) == (str(mug), 2, "retail.storefront")
    assert payload["visit_id"] not in str(client.cookies)


def test_a_bus_that_is_away_fails_no_request(client: TestClient, shop: Shop) -> None:
    shop.bus.fail_with = ConnectionError("away")
    mug = shop.add_product()
    put(client, mug, 1)
    eventually(lambda: shop.bus.calls, "the bus has failed")
    put(client, mug, 2)


def test_a_bus_that_hangs_delays_no_request_and_what_does_not_fit_is_counted(
    client: TestClient, resources: Resources, shop: Shop, monkeypatch: Any, capsys: Any
) -> None:
    bus: Any = StuckBus()
    resources.bus = bus
    monkeypatch.setattr(client.app.state.announcer._waiting, "maxsize", 3)  # type: ignore[attr-defined]
    monkeypatch.setattr(announcements, "SECONDS_TO_GATHER", 0.05)
    mug = shop.add_product()
    put(client, mug, 1)
    assert bus.reached.wait(SECONDS)  # now the thread hangs in the bus with the first
    fitting, dropped = [put(client, mug, 1) for _ in range(3)], [put(client, mug, 1) for _ in range(4)]
    assert max(min(fitting), min(dropped)) < 2.0, "the bus would delay all of them, a busy machine one"
    bus.free.set()
    assert capsys.readouterr().out.count('"AnnouncementsDropped":[1.0]') == 4
