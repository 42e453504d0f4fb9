"""The order processor as Lambda calls it."""

import io
import json
from typing import Any
from unittest.mock import create_autospec
from uuid import uuid4

import pytest

from order_processor import handler as order_processor
from retail import outbox
from retail.lake import Lake
from retail.payments import SILENT_TOKEN, PaymentSimulator
from retail.settlement import Settlement
from tests.functions.graveyard import Graveyard
from tests.functions.invocation import Context, batch, failed
from tests.retail.shop import EMAIL, Shop


@pytest.fixture(autouse=True)
def settlement(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = create_autospec(Lake, instance=True)
    settlement = Settlement(database=shop.database_of_functions, lake=lake, gateway=PaymentSimulator(), bus=shop.bus)
    monkeypatch.setattr(order_processor, "settlement", lambda: settlement)


def test_a_poison_message_is_given_up_alone_at_once_and_with_its_reason(
    shop: Shop, logs: io.StringIO, graveyard: Graveyard
) -> None:
    first, second = (shop.order({shop.add_product(): 1}) for _ in range(2))
    unknown_version = json.loads(shop.message("OrderPlaced", first.id))
    unknown_version["detail"]["version"] = "9.0"
    foreign = json.loads(shop.message("OrderPlaced", first.id)) | {"detail-type": "SomethingElse"}
    broken = json.loads(shop.message("OrderPlaced", first.id))
    broken["detail"]["payload"]["order_id"] = EMAIL
    response = order_processor.handler(
        batch(
            shop.message("OrderPlaced", first.id),
            "{no json",
            json.dumps(unknown_version),
            json.dumps(foreign),
            json.dumps(broken),
            shop.message("OrderPlaced", second.id),
        ),
        Context(),
    )
    assert failed(response) == []
    assert {shop.status(first.id), shop.status(second.id)} == {"PAID"}
    words = ("Invalid JSON", "version 9.0", "SomethingElse is not handled", "order_id")
    assert all(word in reason for word, reason in zip(words, graveyard.reasons, strict=True))
    assert [message["body"] for message in graveyard.messages[:2]] == ["{no json", json.dumps(unknown_version)]
    assert {message["FailureType"] for message in graveyard.messages} == {"MalformedMessageError"}
    assert all(word in logs.getvalue() for word in words)
    assert EMAIL not in logs.getvalue() + str(graveyard.reasons)


def test_a_message_that_may_succeed_is_tried_three_times_and_then_given_up_with_the_last_reason(
    shop: Shop, graveyard: Graveyard
) -> None:
    order = shop.order({shop.add_product(): 1}, token=SILENT_TOKEN)
    message = shop.message("OrderPlaced", order.id)
    for receives in (1, 2):
        assert failed(order_processor.handler(batch(message, receives=receives), Context())) == ["0"]
    assert graveyard.messages == []
    response = order_processor.handler(batch(message, receives=3, RedriveRun="run-1"), Context())
    assert failed(response) == []
    assert graveyard.messages[0]["RedriveRun"] == "run-1"
    assert graveyard.reasons == [f"the gateway did not answer in time for order {order.id}"]


def test_while_the_bus_is_away_orders_are_settled_all_the_same_and_the_relay_publishes_later(
    shop: Shop, graveyard: Graveyard, logs: io.StringIO
) -> None:
    orders = [shop.order({shop.add_product(): 1}) for _ in range(5)]
    shop.bus.fail_with = ConnectionError("the bus is away")
    for receives in (1, 2, 3):
        messages = [shop.message("OrderPlaced", order.id) for order in orders]
        assert failed(order_processor.handler(batch(*messages, receives=receives), Context())) == []
        shop.rows("UPDATE outbox SET claimed_until = NULL")
    assert graveyard.messages == []
    assert {shop.status(order.id) for order in orders} == {"PAID"}
    assert shop.bus.calls == 1, "a bus that hangs is waited for once, not once for each message"
    assert logs.getvalue().count("left to the relay") == 1
    shop.bus.fail_with = None
    assert outbox.publish_pending(shop.database, shop.bus) == 15


def test_a_message_that_cannot_be_given_up_stays_in_the_queue(graveyard: Graveyard) -> None:
    graveyard.closed = True
    assert failed(order_processor.handler(batch("{no json"), Context())) == ["0"]


def test_an_order_that_went_another_way_is_given_up_at_once(shop: Shop, graveyard: Graveyard) -> None:
    order = shop.order({shop.add_product(): 1})
    order_processor.handler(batch(shop.message("OrderPlaced", order.id)), Context())
    paid = shop.message("PaymentProcessed", order.id)
    order_processor.handler(batch(paid), Context())
    again = json.loads(paid)
    again["detail"]["event_id"] = str(uuid4())
    assert failed(order_processor.handler(batch(json.dumps(again)), Context())) == []
    assert "is being packed: only one that is paid can be packed" in graveyard.reasons[0]


def test_a_batch_in_which_all_fails_is_reported_item_by_item(shop: Shop) -> None:
    messages = [shop.message("OrderPlaced", shop.order({shop.add_product(): 1}).id) for _ in range(2)]
    shop.rows("ALTER TABLE orders ADD CHECK (status <> 'PAID') NOT VALID")
    assert failed(order_processor.handler(batch(*messages), Context())) == ["0", "1"]


def test_every_log_line_of_a_message_carries_the_correlation_id_of_its_request(shop: Shop, logs: io.StringIO) -> None:
    order = shop.order({shop.add_product(): 1})
    order_processor.handler(batch(shop.message("OrderPlaced", order.id), "broken"), Context())
    *of_the_order, failed_line, given_up_line = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert of_the_order
    assert {line["correlation_id"] for line in of_the_order} == {"test-correlation"}
    assert not {"correlation_id"} & (set(failed_line) | set(given_up_line))


def test_no_address_and_no_token_reach_the_log_even_when_the_database_quotes_the_row(
    shop: Shop, logs: io.StringIO
) -> None:
    order = shop.order({shop.add_product(): 1})
    message = shop.message("OrderPlaced", order.id)
    shop.rows("ALTER TABLE orders ADD CHECK (status <> 'PAID') NOT VALID")
    response: Any = order_processor.handler(batch(message), Context())
    assert failed(response) == ["0"]
    assert "violates check constraint" in logs.getvalue()
    assert EMAIL not in logs.getvalue()
    assert "tok_visa" not in logs.getvalue()
