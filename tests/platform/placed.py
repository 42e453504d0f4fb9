"""An order placed on the deployed platform, and what was to be seen while it was on its way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx

from tests.platform.deployed import Deployed, eventually
from tests.retail.shop import CHECKOUT

QUANTITY = 2
CUSTOMER = CHECKOUT | {"email": "customer@example.com"}


@dataclass(frozen=True)
class Placed:
    """An order that was placed while the notification function was stopped, and what there was to see."""

    id: str
    answer: dict[str, Any]
    correlation_id: str
    product: dict[str, Any]
    customer: httpx.Client
    queued: dict[str, Any]
    topic_queue: str
    crawled_before: Any

    @property
    def event_id(self) -> str:
        """Of its OrderPlaced event."""
        return str(self.queued["detail"]["event_id"])


@contextmanager
def stopped(platform: Deployed, function: str) -> Iterator[None]:
    """While this lasts, the function takes nothing from its queue, so that one can look into it."""
    client = platform.emulator.client("lambda")
    mappings = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    for mapping in mappings:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        for mapping in mappings:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def queue_subscribed_to(platform: Deployed, topic: str) -> str:
    """A queue of the test's own that receives what the topic sends."""
    sqs = platform.emulator.client("sqs")
    queue: str = sqs.create_queue(QueueName="a-customers-mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    platform.emulator.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue


def crawl_of_orders(platform: Deployed) -> Any:
    """The last run of the crawler over `raw/orders/`; None before the first."""
    name = platform.resource("analytics", "CrawlersOrders")
    return platform.emulator.client("glue").get_crawler(Name=name)["Crawler"].get("LastCrawl")


def place_order(platform: Deployed) -> Placed:
    """Places one order, as a customer would."""
    eventually(platform.is_at_rest)  # what other tests ordered is none of this order's
    topic_queue = queue_subscribed_to(platform, platform.resource("events", "OrderNotifications"))
    crawled_before = crawl_of_orders(platform)
    customer = platform.shop()
    product = next(item for item in customer.get("/api/products").json()["items"] if item["available"] >= QUANTITY)
    customer.put(f"/api/cart/items/{product['id']}", json={"quantity": QUANTITY}).raise_for_status()
    with stopped(platform, platform.resource("events", "NotificationFunction")):
        response = customer.post("/api/orders", json=CUSTOMER).raise_for_status()
        answer = response.json()
        queue = platform.resource("events", "NotificationQueue")
        (queued,) = eventually(
            lambda: [one for one in platform.messages(queue) if one["detail"]["payload"]["order_id"] == answer["id"]]
        )
    return Placed(
        id=answer["id"],
        answer=answer,
        correlation_id=response.headers["x-correlation-id"],
        product=product,
        customer=customer,
        queued=queued,
        topic_queue=topic_queue,
        crawled_before=crawled_before,
    )
