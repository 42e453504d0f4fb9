"""Promise: whichever step of a cancellation, a shipment, a return or a refund a process is killed at, the order comes
to its end after the restart: money and pieces have gone back once, or not at all where none were to.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import httpx2 as httpx
import pytest

from retail import fulfilment
from tests.promises.agreement import CANCELLED, PIECES, REPAID, RETURNED, SENT, End, assert_agreed
from tests.promises.failpoints import Point, reached
from tests.promises.house import APPROVED_CARD, House
from tests.promises.house import house as house
from tests.promises.people import Person, customer, employee

pytestmark = pytest.mark.slow

REASON = {"reason": "It was not blue."}
BY = {"correlation_id": "test-correlation"}
Prepare = Callable[[House, UUID], None]
Ask = Callable[[httpx.Client, UUID], httpx.Response]


def order(house: House, session_key: str = "session") -> tuple[UUID, UUID]:
    """An order that nothing has happened to yet, and what it is of."""
    product = house.stock_up()
    placed = house.shop.order({product: PIECES}, token=APPROVED_CARD, session_key=session_key)
    return product, placed.id


def nothing_yet(house: House, _: UUID) -> None:
    """Its events lie in the queues."""
    house.publish()


def pay(house: House, _: UUID) -> None:
    """It is charged, and packed."""
    house.finish()


def send(house: House, order_id: UUID) -> None:
    """It is with its customer, who was told so."""
    house.finish()
    fulfilment.ship(house.shop.database, order_id, tracking_code="HP 1234 5678", **BY)
    house.finish()


def ask_a_storefront_that_dies(house: House, fatal: Point | None, prepare: Prepare, ask: Ask, end: End) -> list[Point]:
    """Once, and again after the restart, as if the answer had been lost; returns what was reached."""
    who = WHO[ask](house)
    product, order_id = order(house, who.session.key)
    prepare(house, order_id)
    with house.customer(who.cookies) as client:
        with house.storefront(fatal) as journal, suppress(httpx.TransportError):
            ask(client, order_id).raise_for_status()
        if fatal:
            with house.storefront(None):
                again = ask(client, order_id)
                assert again.is_success or again.status_code == 409, f"{again.text} at {fatal}"
    house.finish()
    assert_agreed(house, product, end, fatal)
    return reached(journal)


def cancel(client: httpx.Client, order_id: UUID) -> httpx.Response:
    return client.post(f"/api/orders/{order_id}/cancellation")


def ship(client: httpx.Client, order_id: UUID) -> httpx.Response:
    return client.post(f"/api/admin/orders/{order_id}/shipment", json={"tracking_code": "HP 1234 5678"})


def take_back(client: httpx.Client, order_id: UUID) -> httpx.Response:
    return client.post(f"/api/admin/orders/{order_id}/return", json=REASON)


WHO: dict[Ask, Callable[[House], Person]] = {
    cancel: customer,
    ship: employee,
    take_back: employee,
}


@pytest.mark.parametrize(
    ("prepare", "ask", "end"),
    [(nothing_yet, cancel, CANCELLED), (pay, cancel, REPAID), (pay, ship, SENT), (send, take_back, RETURNED)],
)
def test_a_storefront_killed_at_any_step_of_it(house: House, prepare: Prepare, ask: Ask, end: End) -> None:
    points = ask_a_storefront_that_dies(house, None, prepare, ask, end)
    for point in points:
        ask_a_storefront_that_dies(house, point, prepare, ask, end)
    names = {point.name for point in points}
    assert names >= {"AnyIO worker thread: commit", "MainThread: answer to POST", "outbox-relay: put events"}


def give_up(house: House, order_id: UUID) -> None:
    fulfilment.cancel(house.shop.database, order_id, **REASON, **BY)


def bring_back(house: House, order_id: UUID) -> None:
    fulfilment.take_back(house.shop.database, order_id, **REASON, **BY)


def settle_in_functions_that_die(
    house: House, fatal: Point | None, prepare: Prepare, give_back: Prepare, end: End
) -> list[Point]:
    product, order_id = order(house)
    prepare(house, order_id)
    give_back(house, order_id)
    house.publish()
    points = house.run_functions(fatal)
    house.finish()
    assert_agreed(house, product, end, fatal)
    return points


@pytest.mark.parametrize(
    ("prepare", "give_back", "end"),
    [(nothing_yet, give_up, CANCELLED), (pay, give_up, REPAID), (send, bring_back, RETURNED)],
)
def test_functions_killed_at_any_step_of_it(house: House, prepare: Prepare, give_back: Prepare, end: End) -> None:
    points = settle_in_functions_that_die(house, None, prepare, give_back, end)
    for point in points:
        settle_in_functions_that_die(house, point, prepare, give_back, end)
    assert ("MainThread: refund" in {point.name for point in points}) == (end is not CANCELLED)


def cancel_while_the_functions_are_dead(house: House, fatal: Point | None) -> list[Point]:
    product, order_id = order(house)
    house.publish()
    points = house.run_functions(fatal)
    give_up(house, order_id)
    house.finish()
    was_charged = str(order_id) in house.bank.charges
    assert_agreed(house, product, REPAID if was_charged else CANCELLED, fatal)
    return points


def test_an_order_that_is_cancelled_while_its_payment_hangs_at_any_step_costs_nothing(house: House) -> None:
    points = cancel_while_the_functions_are_dead(house, None)
    ends = set()
    for point in points:
        cancel_while_the_functions_are_dead(house, point)
        ends.add(house.shop.status(house.shop.rows("SELECT id FROM orders ORDER BY created_at DESC")[0]["id"]))
    assert ends == {"CANCELLED", "REFUNDED"}, "it was tried before the charge, and after it"
