"""The contracts as others read them."""

import json
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator, ValidationError

from ops.event_schemas import CONSUMERS, FOLDER, documents
from retail.events import CONTRACTS, Envelope, OrderShipped, Payload
from retail.money import Money
from tests.retail.shop import Shop
from tests.retail.shop import shop as shop


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_what_is_written_is_what_the_code_says() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == documents(), "run `make events`"


def test_every_event_has_a_contract_and_a_handler() -> None:
    defined = {model for model in Payload.__subclasses__() if model.__module__ == Payload.__module__}
    assert set(CONTRACTS.values()) == defined
    assert {name for handles in CONSUMERS.values() for name in handles} == set(CONTRACTS)


def test_what_a_checkout_tells_is_valid(shop: Shop) -> None:
    shop.order({shop.add_product(): 2})
    for row in shop.rows("SELECT detail_type, detail FROM outbox"):
        validator(row["detail_type"]).validate(row["detail"])


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2.0"},
        {"event_id": "1"},
        {"occurred_at": "yesterday"},
        {"correlation_id": ""},
        {"payload": {"tracking_code": "1Z"}},
    ],
)
def test_what_breaks_the_contract_is_not(change: dict[str, object]) -> None:
    detail = Envelope.around(OrderShipped(order_id=uuid4()), correlation_id="abc").as_json()
    validator("OrderShipped").validate(detail)
    with pytest.raises(ValidationError):
        validator("OrderShipped").validate(detail | change)


def test_money_travels_as_a_decimal_string() -> None:
    refunded = {
        "order_id": str(uuid4()),
        "refund_reference": "re_1",
        "amount": Money.model_validate({"amount": "12.5", "currency": "USD"}).model_dump(mode="json"),
    }
    detail = Envelope(correlation_id="abc", payload=refunded).as_json()
    validator("PaymentRefunded").validate(detail)
    detail["payload"]["amount"]["amount"] = 12.5
    with pytest.raises(ValidationError):
        validator("PaymentRefunded").validate(detail)
