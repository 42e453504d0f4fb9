"""One order through all seven stacks: each of its five effects is looked for from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.platform.deployed import Deployed, eventually
from tests.platform.placed import CUSTOMER, QUANTITY, Placed, crawl_of_orders
from tests.retail.shop import HOME


def test_1_the_storefront_answers_at_once_with_order_reservation_and_outbox_in_postgres(
    platform: Deployed, order: Placed
) -> None:
    assert order.answer["status"] == "PENDING"
    assert [line["quantity"] for line in order.answer["items"]] == [QUANTITY]
    assert len(platform.rows("SELECT FROM orders WHERE id = %s", order.id)) == 1
    assert len(platform.rows("SELECT FROM reservations WHERE order_id = %s", order.id)) == 1
    outbox = platform.rows("SELECT detail_type FROM outbox WHERE detail->'payload'->>'order_id' = %s", order.id)
    assert {"OrderPlaced", "InventoryReserved"} <= {row["detail_type"] for row in outbox}


def test_2_the_event_passes_the_deployed_rule_of_the_bus_into_the_deployed_queue(
    platform: Deployed, order: Placed
) -> None:
    assert order.queued["detail-type"] == "OrderPlaced"
    assert order.queued["source"] == "retail.storefront"
    assert order.queued["detail"]["payload"]["order_id"] == order.id
    bus = platform.resource("events", "Bus")
    assert bus == "RetailEventBus"
    rules = platform.emulator.client("events").list_rules(EventBusName=bus)["Rules"]
    assert [rule for rule in rules if "OrderPlaced" in rule["EventPattern"] and rule["State"] == "ENABLED"]


def test_3_the_order_processor_writes_to_postgres_and_archives_the_payload_in_the_lake(
    platform: Deployed, order: Placed
) -> None:
    eventually(lambda: order.customer.get(f"/api/orders/{order.id}").json()["status"] == "PROCESSING")
    (payment,) = platform.rows("SELECT * FROM payments WHERE order_id = %s", order.id)
    assert payment["status"] == "CAPTURED"
    assert str(payment["amount"]) == order.answer["total"]["amount"]
    bucket = platform.parameter("lake/bucket")
    key = f"raw/orders/date={order.queued['detail']['occurred_at'][:10]}/{order.event_id}.json"
    archived = json.load(platform.emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"])
    assert archived["event_id"] == order.event_id
    assert archived["payload"] == order.queued["detail"]["payload"]


def test_4_the_notification_function_publishes_to_the_deployed_topic(platform: Deployed, order: Placed) -> None:
    (message,) = eventually(lambda: [one for one in platform.messages(order.topic_queue) if order.id in one["Message"]])
    assert CUSTOMER["email"] not in json.dumps(message)


def test_5_the_new_lake_object_starts_the_crawler_of_its_prefix(platform: Deployed, order: Placed) -> None:
    def newest() -> Any:
        crawl = crawl_of_orders(platform)
        return None if crawl == order.crawled_before else crawl

    crawl = eventually(newest)
    assert crawl["Status"] == "SUCCEEDED"


def test_the_reservation_becomes_a_decrement_and_the_shop_shows_it(platform: Deployed, order: Placed) -> None:
    reservation = "SELECT status FROM reservations WHERE order_id = %s"
    eventually(lambda: platform.rows(reservation, order.id) == [{"status": "DECREMENTED"}])
    left = order.product["available"] - QUANTITY
    eventually(lambda: order.customer.get(f"/api/products/{order.product['id']}").json()["available"] == left)


@pytest.mark.parametrize("consumer", ["OrderProcessing", "InventoryUpdate", "Notification"])
def test_a_functions_log_holds_the_correlation_id_of_the_request_and_no_personal_data(
    platform: Deployed, order: Placed, consumer: str
) -> None:
    def logged() -> str:
        return "".join(platform.logs("events", f"{consumer}Function"))

    eventually(lambda: order.correlation_id in logged())
    assert CUSTOMER["email"] not in logged()
    assert CUSTOMER["payment_token"] not in logged()
    assert not any(private in logged() for private in HOME.model_dump().values() if len(private) > 2)


def test_the_order_is_seen_by_its_customer_alone(platform: Deployed, order: Placed) -> None:
    assert platform.shop().get(f"/api/orders/{order.id}").status_code == 404


def test_every_dead_letter_queue_is_empty(platform: Deployed, order: Placed) -> None:
    for stack, consumer in (
        ("events", "OrderProcessing"),
        ("events", "InventoryUpdate"),
        ("events", "Notification"),
        ("analytics", "Crawling"),
    ):
        assert platform.messages(platform.resource(stack, f"{consumer}DeadLetters")) == [], consumer
