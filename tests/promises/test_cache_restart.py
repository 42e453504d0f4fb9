"""Promise: the cache stopped, frozen or restarted under load fails no request, and costs nobody a cart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.promises.breakable import BreakableCache
from tests.promises.breakable import breakable_cache as breakable_cache
from tests.promises.breakable import own_servers as own_servers
from tests.promises.load import Crowd
from tests.retail.shop import Shop
from tests.storefront.running import Storefront, running_storefront

pytestmark = pytest.mark.slow


@pytest.fixture
def storefront(shop: Shop, breakable_cache: BreakableCache) -> Iterator[Storefront]:
    with running_storefront(shop.conninfo, breakable_cache.server.url, patience="product") as storefront:
        yield storefront


def test_a_cache_that_goes_away_under_load_fails_no_request(
    storefront: Storefront, shop: Shop, breakable_cache: BreakableCache
) -> None:
    mug = shop.add_product(stock=100_000)
    crowd = Crowd(storefront, mug, customers=6)
    with crowd.shopping():
        crowd.wait_for_orders(10)
        breakable_cache.stop()
        crowd.wait_for_orders(20)
        breakable_cache.start()
        crowd.wait_for_orders(20)
        breakable_cache.freeze()
        crowd.wait_for_orders(20)
        breakable_cache.thaw()
        crowd.wait_for_orders(20)
    assert crowd.wrong == []
    assert crowd.answers[503] == 0
    assert sorted(row["id"] for row in shop.rows("SELECT id FROM orders")) == sorted(crowd.confirmed)
    assert shop.stock(mug) == (100_000, len(crowd.confirmed))
