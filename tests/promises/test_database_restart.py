"""Promise: PostgreSQL restarted under load loses no order and doubles none; a customer sees success, or a 503 that says
when to come back; the pool recovers by itself within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from retail.schema import migrate
from tests.promises.breakable import BreakablePostgres
from tests.promises.breakable import breakable_postgres as breakable_postgres
from tests.promises.breakable import own_servers as own_servers
from tests.promises.load import Crowd
from tests.retail.shop import Shop
from tests.storefront.running import Storefront, running_storefront

pytestmark = pytest.mark.slow

SECONDS_TO_RECOVER = 30  # some five on an idle machine


@pytest.fixture
def shop(breakable_postgres: BreakablePostgres) -> Iterator[Shop]:
    migrate(breakable_postgres.server.conninfo)
    shop = Shop(breakable_postgres.server.conninfo)
    yield shop
    shop.database.close()


@pytest.fixture
def storefront(shop: Shop, cache_url: str) -> Iterator[Storefront]:
    with running_storefront(shop.conninfo, cache_url, patience="product") as storefront:
        yield storefront


def test_a_database_restarted_under_load_loses_and_doubles_no_order(
    storefront: Storefront, shop: Shop, breakable_postgres: BreakablePostgres
) -> None:
    mug = shop.add_product(stock=100_000)
    shop.database.close()
    crowd = Crowd(storefront, mug, customers=6)
    with crowd.shopping():
        crowd.wait_for_orders(10)
        for mode, seconds_away in (("fast", 1), ("immediate", 3)):
            with breakable_postgres.held("orders"):
                breakable_postgres.wait_until_somebody_waits()
                breakable_postgres.stop(mode)
            time.sleep(seconds_away)
            breakable_postgres.start()
            crowd.wait_for_orders(1, within=SECONDS_TO_RECOVER)
            crowd.wait_for_orders(10)
        breakable_postgres.cut_connections()
        crowd.wait_for_orders(10)
    assert crowd.wrong == []
    assert crowd.answers[503] > 0, "nobody noticed, though somebody was in the middle of an order"
    placed = [row["id"] for row in shop.rows("SELECT id FROM orders")]
    assert sorted(placed) == sorted(crowd.confirmed)
    assert shop.stock(mug) == (100_000, len(placed))
