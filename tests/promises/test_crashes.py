"""Promise: whichever step between checkout and notification a process is killed at, no confirmed order is lost, none is
charged twice, and everything is finished after the restart.
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.promises.agreement import DECLINED, PACKED, PIECES, End, assert_agreed
from tests.promises.failpoints import Point, reached
from tests.promises.house import APPROVED_CARD, DECLINED_CARD, House, buy
from tests.promises.house import house as house

pytestmark = pytest.mark.slow


def buy_from_a_storefront_that_dies(house: House, fatal: Point | None) -> list[Point]:
    """One customer, who asks again after the restart, as if the answer had been lost; returns what was reached."""
    product, key = house.stock_up(), str(uuid4())
    with house.customer() as customer:
        with house.storefront(fatal) as journal:
            confirmed = buy(customer, product, key)
        if fatal:
            with house.storefront(None):
                again = buy(customer, product, key)
                assert again is not None, fatal
                assert confirmed in (None, again), fatal
    house.finish()
    assert_agreed(house, product, PACKED, fatal)
    return reached(journal)


def test_a_storefront_killed_at_any_step_loses_no_confirmed_order(house: House) -> None:
    points = buy_from_a_storefront_that_dies(house, None)
    for point in points:
        buy_from_a_storefront_that_dies(house, point)
    assert {point.name for point in points} >= {"AnyIO worker thread: commit", "outbox-relay: put events"}


def process_an_order_in_functions_that_die(house: House, fatal: Point | None, card: str, end: End) -> list[Point]:
    product = house.stock_up()
    house.shop.order({product: PIECES}, token=card)
    house.publish()
    points = house.run_functions(fatal)
    house.finish()
    assert_agreed(house, product, end, fatal)
    return points


@pytest.mark.parametrize(("card", "end"), [(APPROVED_CARD, PACKED), (DECLINED_CARD, DECLINED)])
def test_functions_killed_at_any_step_finish_the_order_after_the_restart(house: House, card: str, end: End) -> None:
    points = process_an_order_in_functions_that_die(house, None, card, end)
    for point in points:
        process_an_order_in_functions_that_die(house, point, card, end)
    assert "MainThread: charge" in {point.name for point in points}
