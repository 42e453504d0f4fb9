"""The relay is quick while there is business, and lets the database sleep when there is none."""

from __future__ import annotations

from storefront.relay import (
    SECONDS_BETWEEN_IDLE_LOOKS,
    SECONDS_BETWEEN_LOOKS,
    SECONDS_UNTIL_IDLE,
    OutboxRelay,
    seconds_to_next_look,
)
from storefront.resources import Resources
from tests.retail.shop import Shop
from tests.storefront.waiting import eventually


def test_leftovers_are_looked_for_each_second_while_there_is_business() -> None:
    assert seconds_to_next_look(SECONDS_UNTIL_IDLE - 1, failing=False) == SECONDS_BETWEEN_LOOKS


def test_an_idle_shop_leaves_the_database_alone_for_longer_than_aurora_needs_to_pause() -> None:
    assert seconds_to_next_look(SECONDS_UNTIL_IDLE + 1, failing=False) == SECONDS_BETWEEN_IDLE_LOOKS
    assert SECONDS_BETWEEN_IDLE_LOOKS > 300


def test_a_bus_that_refuses_is_tried_each_second_however_long_it_lasts() -> None:
    assert seconds_to_next_look(10 * SECONDS_UNTIL_IDLE, failing=True) == SECONDS_BETWEEN_LOOKS


def test_what_another_process_left_is_published_without_a_wake_up(shop: Shop, resources: Resources) -> None:
    shop.order({shop.add_product(): 1})
    relay = OutboxRelay(resources)
    relay.start()
    eventually(lambda: len(shop.bus.entries) >= 2, "what was left is published, and the relay still runs")
    relay.stop()
    resources.close()
    assert {entry.detail_type for entry in shop.bus.entries} == {"OrderPlaced", "InventoryReserved"}
