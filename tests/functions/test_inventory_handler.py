"""The inventory handler as Lambda calls it."""

import pytest
from redis import Redis

from inventory_handler import handler as inventory_handler
from retail.cache import connect_cache
from retail.catalog import Catalog
from tests.functions.invocation import Context, batch, failed
from tests.retail.shop import Shop


@pytest.fixture
def cache(cache_url: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Redis:
    cache = connect_cache(cache_url.removeprefix("redis://"), scheme="redis")
    monkeypatch.setattr(inventory_handler, "resources", lambda: (shop.database, cache))
    return cache


def test_reserved_pieces_leave_the_stock_once_when_delivered_twice(shop: Shop, cache: Redis) -> None:
    mug = shop.add_product(stock=10)
    message = shop.message("InventoryReserved", shop.order({mug: 4}).id)
    for _ in range(2):
        assert failed(inventory_handler.handler(batch(message, message), Context())) == []
    assert shop.stock(mug) == (6, 0)
    assert shop.rows("SELECT status FROM reservations") == [{"status": "DECREMENTED"}]


def test_the_next_reader_sees_the_new_stock(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(stock=10), Catalog(shop.database, cache)
    assert catalog.product(mug).available == 10
    message = shop.message("InventoryReserved", shop.order({mug: 4}).id)
    inventory_handler.handler(batch(message), Context())
    assert catalog.product(mug).available == 6


def test_a_cache_that_is_away_fails_the_message_and_the_next_delivery_makes_it_good(
    shop: Shop, cache: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug, catalog = shop.add_product(stock=10), Catalog(shop.database, cache)
    catalog.product(mug)
    message = shop.message("InventoryReserved", shop.order({mug: 4}).id)
    absent = connect_cache("127.0.0.1:1", scheme="redis")
    with monkeypatch.context() as patch:
        patch.setattr(inventory_handler, "resources", lambda: (shop.database, absent))
        assert failed(inventory_handler.handler(batch(message), Context())) == ["0"]
    assert failed(inventory_handler.handler(batch(message), Context())) == []
    assert catalog.product(mug).available == 6
    assert shop.stock(mug) == (6, 0)
