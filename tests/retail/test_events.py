"""Event contracts."""

import json
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from retail.errors import MalformedMessageError
from retail.events import BusEvent, Envelope, OrderShipped, ProductAddedToCart
from retail.money import Money


def _message(**changes: Any) -> dict[str, Any]:
    envelope = Envelope.around(OrderShipped(order_id=uuid4()), correlation_id="abc")
    return {"detail-type": "OrderShipped", "source": "retail.orders", "detail": envelope.as_json() | changes}


def test_unknown_fields_are_accepted_and_kept() -> None:
    message = _message(invented="later") | {"region": "us-east-2"}
    message["detail"]["payload"]["carrier"] = "pigeon"
    event = BusEvent.parse(json.dumps(message))
    assert event.payload(OrderShipped).tracking_code is None
    assert event.detail.as_json()["invented"] == "later"
    assert event.detail.as_json()["payload"]["carrier"] == "pigeon"


def test_a_newer_minor_version_is_accepted() -> None:
    assert BusEvent.parse(json.dumps(_message(version="1.7"))).detail.version == "1.7"


def test_an_unknown_major_version_is_refused_and_named() -> None:
    with pytest.raises(MalformedMessageError, match=r"OrderShipped has version 2\.0"):
        BusEvent.parse(json.dumps(_message(version="2.0")))


@pytest.mark.parametrize("occurred_at", ["1970-01-01T00:00:07Z", "0001-01-01T00:00:00Z", "2024-12-31T23:59:59.999Z"])
def test_an_event_from_before_the_shop_began_is_refused(occurred_at: str) -> None:
    with pytest.raises(MalformedMessageError, match="occurred_at"):
        BusEvent.parse(json.dumps(_message(occurred_at=occurred_at)))


@pytest.mark.parametrize("quantity", ["3", 3.0, True])
def test_what_only_looks_like_a_whole_number_is_none(quantity: Any) -> None:
    payload = {"visit_id": "v", "product_id": str(uuid4())}
    assert ProductAddedToCart.model_validate(payload | {"quantity": 3}).quantity == 3
    with pytest.raises(ValidationError, match="quantity"):
        ProductAddedToCart.model_validate(payload | {"quantity": quantity})


@pytest.mark.parametrize("body", ["", "{", "[]", '{"detail-type": "OrderShipped"}', '{"detail": 7}'])
def test_what_is_no_event_is_refused(body: str) -> None:
    with pytest.raises(MalformedMessageError):
        BusEvent.parse(body)


def test_a_refusal_never_quotes_what_it_refuses() -> None:
    with pytest.raises(MalformedMessageError) as refusal:
        BusEvent.parse(json.dumps(_message(event_id="kim.example@example.com")))
    assert "kim" not in str(refusal.value)
    broken = BusEvent.parse(json.dumps(_message(payload={"order_id": "kim.example@example.com"})))
    with pytest.raises(MalformedMessageError, match="order_id") as refusal:
        broken.payload(OrderShipped)
    assert "kim" not in str(refusal.value)


def test_money_is_exact_and_never_mixed() -> None:
    cents = Money.model_validate_json('{"amount": "0.10", "currency": "USD"}')
    assert cents.times(3).model_dump(mode="json") == {"amount": "0.30", "currency": "USD"}
    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        cents.plus(Money.model_validate({"amount": "1", "currency": "EUR"}))
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": "0.001", "currency": "USD"})
