"""Any state can be reconstructed: the archive is replayed over the deployed bus, and nothing happens twice."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.platform.deployed import CONSUMERS, Deployed, eventually
from tests.platform.placed import Placed


def state(platform: Deployed) -> list[dict[str, Any]]:
    """What the events of the shop have led to, without the dates of reading."""
    return platform.rows(
        "SELECT (SELECT json_agg(p ORDER BY p.id) FROM products p) AS products,"
        " (SELECT json_agg(o ORDER BY o.id) FROM orders o) AS orders,"
        " (SELECT json_agg(t ORDER BY t.id) FROM order_transitions t) AS transitions,"
        " (SELECT json_agg(r ORDER BY r.order_id, r.product_id) FROM reservations r) AS reservations,"
        " (SELECT json_agg(y ORDER BY y.order_id) FROM payments y) AS payments,"
        " (SELECT count(*) FROM outbox) AS events"
    )


def queue_of_replayed_events(platform: Deployed, bus: str) -> str:
    """A queue of the test's own that receives what is replayed, and only that."""
    sqs, events = platform.emulator.client("sqs"), platform.emulator.client("events")
    queue: str = sqs.create_queue(QueueName="replayed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"replay-name": [{"exists": True}]})
    events.put_rule(Name="replayed", EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule="replayed", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    return queue


def handled(platform: Deployed, order_id: str) -> Counter[tuple[str, str]]:
    """How often each consumer has said that it is done with each event of this order."""
    events = platform.rows("SELECT event_id FROM outbox WHERE detail->'payload'->>'order_id' = %s", order_id)
    ids = {str(row["event_id"]) for row in events}
    told = [
        (consumer, json.loads(line)["event_id"])
        for consumer in CONSUMERS
        for line in platform.logs("events", f"{consumer}Function")
        if '"event handled"' in line
    ]
    return Counter((consumer, event_id) for consumer, event_id in told if event_id in ids)


def test_p11_a_replay_of_the_archive_changes_nothing_that_was_applied(platform: Deployed, order: Placed) -> None:
    eventually(lambda: order.customer.get(f"/api/orders/{order.id}").json()["status"] == "PROCESSING")
    eventually(platform.is_at_rest)
    events = platform.emulator.client("events")
    bus = platform.resource("events", "Bus")
    bus_arn = events.describe_event_bus(Name=bus)["Arn"]
    archive = events.describe_archive(ArchiveName=platform.resource("events", "BusArchive"))
    assert archive["RetentionDays"] == 90
    replayed = queue_of_replayed_events(platform, bus)
    eventually(lambda: {consumer for consumer, _event_id in handled(platform, order.id)} == set(CONSUMERS))
    before, handled_before = state(platform), handled(platform, order.id)
    notified = len(platform.messages(order.topic_queue))

    now = datetime.now(UTC)
    events.start_replay(
        ReplayName=f"replay-{int(time.time())}",
        EventSourceArn=archive["ArchiveArn"],
        Destination={"Arn": bus_arn},
        EventStartTime=now - timedelta(days=1),
        EventEndTime=now,
    )

    eventually(lambda: order.event_id in {event["detail"]["event_id"] for event in platform.messages(replayed)})
    eventually(lambda: set(handled(platform, order.id) - handled_before) >= set(handled_before))
    eventually(platform.is_at_rest)
    assert state(platform) == before
    assert len(platform.messages(order.topic_queue)) == notified


def publish_for(platform: Deployed, order: Placed, order_id: str) -> str:
    """Puts the OrderPlaced event of another order onto the bus, as the outbox would; returns its event id."""
    detail = json.loads(json.dumps(order.queued["detail"]))
    detail["event_id"], detail["payload"]["order_id"] = str(uuid4()), order_id
    entry = {"Source": "retail.storefront", "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}
    bus = platform.resource("events", "Bus")
    platform.emulator.client("events").put_events(Entries=[{**entry, "EventBusName": bus}])
    event_id: str = detail["event_id"]
    return event_id


def dead_letters(platform: Deployed, consumer: str) -> list[dict[str, Any]]:
    """What lies there, each with why."""
    answer = redrive(platform, {"consumer": consumer, "dry_run": True})
    found: list[dict[str, Any]] = answer["messages"]
    return found


def redrive(platform: Deployed, order: dict[str, Any]) -> dict[str, Any]:
    """What an operator does, and what they are told."""
    function = platform.resource("events", "DeadLetterRedriveFunction")
    response = platform.emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps(order))
    answer: dict[str, Any] = json.loads(response["Payload"].read())
    assert "FunctionError" not in response, answer
    return answer


def test_p15_a_poison_message_dies_with_its_reason_and_is_applied_once_when_the_cause_is_mended(
    platform: Deployed, order: Placed
) -> None:
    poisoned = str(uuid4())
    event_id = publish_for(platform, order, poisoned)

    (died,) = eventually(lambda: [one for one in dead_letters(platform, "OrderProcessing") if event_id in str(one)])
    assert f"UnknownOrderError: There is no order {poisoned}" in str(died)
    eventually(lambda: platform.is_drained("OrderProcessing"))  # at once: what is tried again comes in twelve minutes

    platform.rows(
        "INSERT INTO orders (id, session_key, email, payment_token, status, total, currency, correlation_id)"
        " SELECT %s, session_key, email, 'tok_visa', 'PENDING', total, currency, correlation_id FROM orders"
        " WHERE id = %s RETURNING id",
        poisoned,
        order.id,
    )
    (queue,) = redrive(platform, {"consumer": "OrderProcessing"})["queues"]
    assert (queue["replayed"], queue["refused"], queue["duplicated"]) == (1, 0, 0)
    eventually(lambda: platform.rows("SELECT status FROM orders WHERE id = %s", poisoned) == [{"status": "PROCESSING"}])
    assert dead_letters(platform, "OrderProcessing") == []
    assert platform.rows("SELECT count(*) AS count FROM payments WHERE order_id = %s", poisoned) == [{"count": 1}]
