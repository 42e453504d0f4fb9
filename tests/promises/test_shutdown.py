"""Promise: told to stop, the storefront takes no new request, and publishes what is pending before it ends."""

from __future__ import annotations

from uuid import uuid4

import psycopg

from local.run_directory import is_listening
from tests.promises.failpoints import ENDED
from tests.promises.house import PATIENCE_SECONDS, House, buy, eventually
from tests.promises.house import house as house
from tests.promises.processes import run_storefront


def test_told_to_stop_it_takes_nothing_new_and_publishes_what_is_pending(house: House) -> None:
    product = house.stock_up()
    process, _ = house.start(run_storefront, None, house.port)
    eventually(lambda: is_listening(house.port))
    with psycopg.connect(house.shop.conninfo) as slow_bus, house.customer() as customer:
        slow_bus.execute("LOCK TABLE world.queue IN ACCESS EXCLUSIVE MODE")
        order = buy(customer, product, str(uuid4()))
        assert order is not None
        process.terminate()
        eventually(lambda: not is_listening(house.port))
        assert process.is_alive()
        assert house.orders_of(product) == [order]
    process.join(PATIENCE_SECONDS)
    assert process.exitcode in ENDED
    assert house.world.is_published()
    assert not house.world.is_delivered(), "it lies in the queues, for the functions"
