"""The inventory handler as Lambda calls it."""

import json
from uuid import uuid4

import pytest
from redis import Redis

from inventory_handler import handler as inventory_handler
from retail import fulfilment
from retail.cache import connect_cache
from retail.catalog import Catalog
from retail.events import Envelope, InventoryAdjusted, Payload, ProductChanged
from retail.money import Money
from tests.functions.invocation import Context, batch, failed
from tests.retail.shop import Shop


@pytest.fixture
def cache(cache_url: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Redis:
    cache = connect_cache(cache_url.removeprefix("redis://"), scheme="redis")
    resources = inventory_handler.Resources(shop.database_of_functions, cache)
    monkeypatch.setattr(inventory_handler, "resources", lambda: resources)
    return cache


def test_reserved_pieces_leave_the_stock_once_when_delivered_twice(shop: Shop, cache: Redis) -> None:
    mug = shop.add_product(stock=10)
    message = shop.message("InventoryReserved", shop.order({mug: 4}).id)
    for _ in range(2):
        assert failed(inventory_handler.handler(batch(message, message), Context())) == []
    assert shop.stock(mug) == (6, 0)
    assert shop.rows("SELECT status FROM reservations") == [{"status": "DECREMENTED"}]


def test_e8_the_order_that_leaves_five_pieces_or_fewer_is_told_of_once(
    shop: Shop, cache: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    mug, counted = shop.add_product(stock=10), []
    for quantity in (4, 1, 1, 4):  # 6, 5, 4 and none are left
        message = shop.message("InventoryReserved", shop.order({mug: quantity}).id)
        assert failed(inventory_handler.handler(batch(message, message), Context())) == []
        counted.append(capsys.readouterr().out.count('"StockLow":[1.0]'))
    assert counted == [0, 1, 0, 0]


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
        away = inventory_handler.resources()._replace(cache=absent)
        patch.setattr(inventory_handler, "resources", lambda: away)
        assert failed(inventory_handler.handler(batch(message), Context())) == ["0"]
    assert failed(inventory_handler.handler(batch(message), Context())) == []
    assert catalog.product(mug).available == 6
    assert shop.stock(mug) == (6, 0)


def test_pieces_that_are_free_again_are_seen_by_the_next_reader(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(stock=10), Catalog(shop.database, cache)
    order = shop.order({mug: 4})
    assert catalog.product(mug).available == 6
    fulfilment.cancel(shop.database, order.id, reason="changed their mind", correlation_id="abc")
    assert failed(inventory_handler.handler(batch(shop.message("InventoryReleased", order.id)), Context())) == []
    assert catalog.product(mug).available == 10


def test_what_was_counted_and_what_was_changed_is_read_anew(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(stock=10), Catalog(shop.database, cache)
    catalog.product(mug)
    shop.rows("UPDATE products SET inventory_count = 7, name = 'Cup' WHERE id = %s", mug)
    price = Money.model_validate({"amount": "12.50", "currency": "USD"})
    for change in (
        InventoryAdjusted(product_id=mug, change=-3, inventory_count=7, reason="broken"),
        ProductChanged(product_id=mug, sku="MUG", name="Cup", price=price, categories=(), inventory_count=7),
    ):
        assert failed(inventory_handler.handler(batch(_message(change)), Context())) == []
    assert (catalog.product(mug).available, catalog.product(mug).name) == (7, "Cup")


def _message(payload: Payload) -> str:
    detail = Envelope.around(payload, correlation_id=str(uuid4())).as_json()
    return json.dumps({"detail-type": payload.detail_type, "source": "retail.catalog", "detail": detail})
