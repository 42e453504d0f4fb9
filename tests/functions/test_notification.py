"""The notification function as Lambda calls it."""

import json
from typing import Any
from uuid import uuid4

import pytest

from notification import handler as notification
from retail import clients
from retail.events import Envelope, OrderShipped
from tests.functions.invocation import Context, batch, failed
from tests.retail.shop import EMAIL, Shop


class RememberingTopic:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.fail = False

    def publish(self, **message: Any) -> None:
        if self.fail:
            raise ConnectionError("away")
        self.messages.append(message)


@pytest.fixture
def topic(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> RememberingTopic:
    topic = RememberingTopic()
    monkeypatch.setattr(clients, "sns", lambda: topic)
    monkeypatch.setattr(
        notification, "resources", lambda: (shop.database_of_functions, "arn:aws:sns:us-east-2:1:orders")
    )
    return topic


def test_a_placed_order_is_told_once_when_delivered_twice(shop: Shop, topic: RememberingTopic) -> None:
    order = shop.order({shop.add_product(price="10.00"): 3})
    message = shop.message("OrderPlaced", order.id)
    for _ in range(2):
        assert failed(notification.handler(batch(message, message), Context())) == []
    assert [told["Message"] for told in topic.messages] == [f"Order {order.id} is confirmed: 3 item(s), USD 30.00."]
    attributes = topic.messages[0]["MessageAttributes"]
    assert attributes["event_type"]["StringValue"] == "OrderPlaced"
    assert attributes["order_id"]["StringValue"] == str(order.id)
    assert attributes["correlation_id"]["StringValue"] == "test-correlation"
    assert EMAIL not in str(topic.messages)


def test_a_shipped_order_is_told_with_its_tracking_code(topic: RememberingTopic) -> None:
    shipped = OrderShipped(order_id=uuid4(), tracking_code="1Z999")
    detail = Envelope.around(shipped, correlation_id="abc").as_json()
    body = json.dumps({"detail-type": "OrderShipped", "source": "retail.orders", "detail": detail})
    assert failed(notification.handler(batch(body), Context())) == []
    assert "Tracking code: 1Z999" in topic.messages[0]["Message"]


def test_a_topic_that_is_away_fails_the_message_and_the_next_delivery_tells(
    shop: Shop, topic: RememberingTopic
) -> None:
    message = shop.message("OrderPlaced", shop.order({shop.add_product(): 1}).id)
    topic.fail = True
    assert failed(notification.handler(batch(message), Context())) == ["0"]
    topic.fail = False
    assert failed(notification.handler(batch(message), Context())) == []
    assert len(topic.messages) == 1
