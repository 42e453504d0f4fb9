"""Promise: whichever step between checkout and notification a process is killed at, no confirmed order is lost, none is
charged twice, and everything is finished after the restart.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx2 as httpx
import pytest

from retail.payments import APPROVED_TOKEN, DECLINED_TOKEN
from tests.promises.failpoints import Point, reached
from tests.promises.house import House, buy
from tests.promises.house import house as house

pytestmark = pytest.mark.slow


def buy_from_a_storefront_that_dies(house: House, fatal: Point | None) -> list[Point]:
    """One customer, who asks again after the restart, as if the answer had been lost; returns what was reached."""
    product, key = house.stock_up(), str(uuid4())
    with httpx.Client(base_url=f"http://127.0.0.1:{house.port}", timeout=30) as customer:
        with house.storefront(fatal) as journal:
            confirmed = buy(customer, product, key)
        if fatal:
            with house.storefront(None):
                again = buy(customer, product, key)
                assert again is not None, fatal
                assert confirmed in (None, again), fatal
    house.finish()
    assert_finished(house, product, fatal)
    return reached(journal)


def assert_finished(house: House, product: UUID, killed_at: Point | None) -> None:
    """There is one order: paid once, packed, archived and told of, and its pieces have left the stock."""
    (order_id,) = house.orders_of(product)
    assert house.shop.status(order_id) == "PROCESSING", killed_at
    captured = house.world.rows("SELECT amount FROM world.captures WHERE order_id = %s", order_id)
    assert [row["amount"] for row in captured] == [25], killed_at
    told = house.world.rows("SELECT event_type FROM world.told WHERE order_id = %s", order_id)
    assert {row["event_type"] for row in told} == {"OrderPlaced"}, killed_at
    assert len(told) <= (2 if killed_at else 1), "twice only when killed between telling and noting it"
    archived = house.world.rows(
        "SELECT line->>'detail_type' AS kind FROM world.lake WHERE line #>> '{payload,order_id}' = %s", str(order_id)
    )
    assert sorted(row["kind"] for row in archived) == ["OrderPlaced", "PaymentProcessed"], killed_at
    assert house.shop.stock(product) == (8, 0), killed_at


def test_a_storefront_killed_at_any_step_loses_no_confirmed_order(house: House) -> None:
    points = buy_from_a_storefront_that_dies(house, None)
    for point in points:
        buy_from_a_storefront_that_dies(house, point)
    assert {point.name for point in points} >= {"AnyIO worker thread: commit", "outbox-relay: put events"}


def process_an_order_in_functions_that_die(
    house: House, fatal: Point | None, token: str = APPROVED_TOKEN
) -> list[Point]:
    product = house.stock_up()
    house.shop.order({product: 2}, token=token)
    house.publish()
    points = house.run_functions(fatal)
    house.finish()
    if token == APPROVED_TOKEN:
        assert_finished(house, product, fatal)
    else:
        assert_given_back(house, product, fatal)
    return points


def assert_given_back(house: House, product: UUID, killed_at: Point | None) -> None:
    """There is one order: nothing was charged, and its pieces are on the shelf again."""
    (order_id,) = house.orders_of(product)
    assert house.shop.status(order_id) == "PAYMENT_FAILED", killed_at
    assert house.world.rows("SELECT 1 FROM world.captures WHERE order_id = %s", order_id) == [], killed_at
    assert house.shop.stock(product) == (10, 0), killed_at


@pytest.mark.parametrize("token", [APPROVED_TOKEN, DECLINED_TOKEN])
def test_functions_killed_at_any_step_finish_the_order_after_the_restart(house: House, token: str) -> None:
    points = process_an_order_in_functions_that_die(house, None, token)
    for point in points:
        process_an_order_in_functions_that_die(house, point, token)
