"""Every event of the shop reaches the lake by itself: one that nobody handles, one that nobody has thought of."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.platform.deployed import Deployed, eventually
from tests.platform.placed import Placed
from tests.platform.test_iam import ManagedPolicy


def publish(platform: Deployed, source: str, detail_type: str, **payload: Any) -> dict[str, Any]:
    """Puts an event on the deployed bus, as a part of the shop would; what was put."""
    detail = {
        "event_id": str(uuid4()),
        "occurred_at": datetime.now(UTC).isoformat(),
        "version": "1.0",
        "correlation_id": 'a "quoted" request',
        "payload": payload,
    }
    entry: Any = {
        "EventBusName": platform.resource("events", "Bus"),
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }
    assert platform.emulator.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    return detail


def delivered(platform: Deployed, prefix: str) -> list[dict[str, Any]]:
    """Everything that streams have written under a prefix, line by line."""
    s3, bucket = platform.emulator.client("s3"), platform.parameter("lake/bucket")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in found if o["Key"].endswith(".gz")]
    return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


def of_event(lines: list[dict[str, Any]], event_id: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["detail"]["event_id"] == event_id]


@pytest.mark.parametrize(
    ("prefix", "detail_type", "payload"),
    [
        ("raw/orders/", "GiftWrapped", {}),  # nobody has thought of it, and nobody handles it
        ("raw/orders/", "ProductAddedToCart", {"visit_id": "v", "quantity": 1}),
        ("raw/inventory/", "InventoryAdjusted", {"change": 1, "inventory_count": 1, "reason": "counted"}),
        (
            "raw/products/",
            "ProductChanged",
            {
                "sku": "MUG",
                "name": "Mug",
                "price": {"amount": "1.00", "currency": "USD"},
                "categories": [],
                "inventory_count": 1,
            },
        ),
    ],
)
def test_event_is_in_the_lake_as_the_bus_carried_it_whoever_handles_it(
    prefix: str, detail_type: str, payload: dict[str, Any], platform: Deployed
) -> None:
    unheard_of = {"deep": [1, "é"]}
    began = datetime.now(UTC)
    detail = publish(platform, "retail.catalog", detail_type, product_id=str(uuid4()), unheard_of=unheard_of, **payload)

    def of_today() -> list[dict[str, Any]]:
        days = {f"{moment:%Y-%m-%d}" for moment in (began, datetime.now(UTC))}  # two if it is midnight
        lines = [line for day in days for line in delivered(platform, f"{prefix}date={day}/")]
        return of_event(lines, detail["event_id"])

    (line,) = eventually(of_today)
    assert line["detail"] == detail
    assert (line["detail-type"], line["source"]) == (detail_type, "retail.catalog")


def test_events_of_an_order_are_there_twice_once_as_archived_and_once_as_carried(
    platform: Deployed, order: Placed
) -> None:
    (line,) = eventually(lambda: of_event(delivered(platform, "raw/orders/"), order.event_id))
    assert line["detail"] == order.queued["detail"]
    archived = f"raw/orders/date={order.queued['detail']['occurred_at'][:10]}/{order.event_id}.json"
    s3, bucket = platform.emulator.client("s3"), platform.parameter("lake/bucket")
    eventually(lambda: s3.list_objects_v2(Bucket=bucket, Prefix=archived).get("Contents"))


def test_event_that_may_not_be_delivered_waits_with_the_buss_dead_letters(platform: Deployed) -> None:
    role = platform.resource("events", "LakeDeliverySenderRole")
    policy = ManagedPolicy.that_allows(platform.emulator.client("iam"), role, "firehose:PutRecordBatch")
    dead_letters = platform.resource("events", "BusDeadLetters")
    with policy.without("firehose:PutRecordBatch"):
        detail = publish(platform, "retail.orders", "OrderReturned", order_id=str(uuid4()), reason="too small")
        (waiting,) = eventually(lambda: of_event(platform.messages(dead_letters), detail["event_id"]))

    assert waiting["detail"] == detail
    assert not of_event(delivered(platform, "raw/orders/"), detail["event_id"])
    platform.emulator.client("sqs").purge_queue(QueueUrl=dead_letters)


def test_records_that_may_not_be_written_are_kept_until_they_may(platform: Deployed) -> None:
    role = platform.resource("events", "LakeDeliveryRole")
    policy = ManagedPolicy.that_allows(platform.emulator.client("iam"), role, "s3:PutObject")
    emulator = platform.directory / "logs" / "emulator.log"

    def failures() -> int:
        return emulator.read_text(errors="replace").count("tries again")

    before = failures()
    with policy.without("s3:PutObject"):
        detail = publish(platform, "retail.orders", "OrderCancelled", order_id=str(uuid4()), reason="changed my mind")
        eventually(lambda: failures() > before)
        assert not of_event(delivered(platform, "raw/orders/"), detail["event_id"])

    (line,) = eventually(lambda: of_event(delivered(platform, "raw/orders/"), detail["event_id"]))
    assert line["detail"] == detail
