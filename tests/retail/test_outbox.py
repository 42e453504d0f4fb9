"""The outbox."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from retail import clients, outbox
from retail.database import SingleConnection
from retail.events import OrderShipped
from tests.retail.shop import Shop


def test_a_crash_between_commit_and_publish_loses_nothing(shop: Shop) -> None:
    shop.order({shop.add_product(): 1})  # committed, and then nobody published
    assert outbox.publish_pending(shop.database, shop.bus) == 2
    assert [entry.detail_type for entry in shop.bus.entries] == ["OrderPlaced", "InventoryReserved"]
    assert outbox.publish_pending(shop.database, shop.bus) == 0


def test_a_publisher_that_dies_with_its_claim_loses_it_after_a_while(shop: Shop) -> None:
    shop.order({shop.add_product(): 1})
    shop.bus.fail_with = KeyboardInterrupt()  # no handler runs, as when the process is killed
    with pytest.raises(KeyboardInterrupt):
        outbox.publish_pending(shop.database, shop.bus)
    shop.bus.fail_with = None
    assert outbox.publish_pending(shop.database, shop.bus) == 0
    shop.rows("UPDATE outbox SET claimed_until = claimed_until - interval '61 seconds'")
    assert outbox.publish_pending(shop.database, shop.bus) == 2


def test_a_claim_outlasts_the_longest_call_to_the_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    clients.events.cache_clear()
    config: Any = clients.events().meta.config
    clients.events.cache_clear()
    attempts = config.retries["total_max_attempts"]
    longest_pauses = sum(2**attempt for attempt in range(attempts - 1))  # botocore's standard mode, before its jitter
    assert attempts * (config.connect_timeout + config.read_timeout) + longest_pauses < outbox.CLAIM_SECONDS


def test_what_the_bus_refuses_stays_and_is_published_later(shop: Shop) -> None:
    shop.order({shop.add_product(): 1})
    shop.bus.refuse_next = 1
    assert outbox.publish_pending(shop.database, shop.bus) == 1
    left = shop.rows("SELECT detail_type, last_error, attempts FROM outbox WHERE published_at IS NULL")
    assert left == [{"detail_type": "OrderPlaced", "last_error": "ThrottlingException", "attempts": 1}]
    shop.rows("UPDATE outbox SET claimed_until = now() - interval '1 second'")
    assert outbox.publish_pending(shop.database, shop.bus) == 1


def test_a_bus_that_cannot_be_reached_is_reported_and_loses_nothing(shop: Shop) -> None:
    shop.order({shop.add_product(): 1})
    shop.bus.fail_with = ConnectionError("no route")
    with pytest.raises(ConnectionError):
        outbox.publish_pending(shop.database, shop.bus)
    assert {row["last_error"] for row in shop.rows("SELECT last_error FROM outbox")} == {"ConnectionError"}
    assert shop.rows("SELECT 1 AS one FROM outbox WHERE published_at IS NOT NULL") == []


def test_several_publishers_at_once_publish_each_event_once_in_batches_of_ten(shop: Shop) -> None:
    mug = shop.add_product(stock=100)
    for _ in range(30):
        shop.order({mug: 1})

    def publish(_: int) -> int:
        database = SingleConnection(lambda: shop.conninfo)
        try:
            return outbox.publish_pending(database, shop.bus)
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(publish, range(6))) == 60
    assert set(Counter(entry.event_id for entry in shop.bus.entries).values()) == {1}
    assert shop.bus.calls >= 6


def test_an_event_of_a_transaction_that_is_rolled_back_is_never_published(shop: Shop) -> None:
    with shop.database.transaction() as connection:
        shipped = OrderShipped(order_id=uuid4())
        outbox.record(connection, shipped, source="retail.orders", correlation_id="test-correlation")
        raise psycopg.Rollback
    assert outbox.publish_pending(shop.database, shop.bus) == 0
    assert shop.bus.calls == 0
