"""The order processor as Lambda calls it."""

import io
import json
from typing import Any
from unittest.mock import create_autospec

import pytest

from order_processor import handler as order_processor
from retail.lake import Lake
from retail.payments import PaymentSimulator
from retail.settlement import Settlement
from tests.functions.invocation import Context, batch, failed
from tests.retail.shop import EMAIL, Shop


@pytest.fixture(autouse=True)
def settlement(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = create_autospec(Lake, instance=True)
    settlement = Settlement(database=shop.database, lake=lake, gateway=PaymentSimulator(), bus=shop.bus)
    monkeypatch.setattr(order_processor, "settlement", lambda: settlement)


def test_a_poison_message_fails_alone_with_its_reason_in_the_log(shop: Shop, logs: io.StringIO) -> None:
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
    assert failed(response) == ["1", "2", "3", "4"]
    assert {shop.status(first.id), shop.status(second.id)} == {"PAID"}
    log = logs.getvalue()
    assert all(reason in log for reason in ("Invalid JSON", "version 9.0", "SomethingElse is not handled", "order_id"))
    assert EMAIL not in log


def test_a_batch_in_which_all_fails_is_reported_item_by_item() -> None:
    assert failed(order_processor.handler(batch("x", "y"), Context())) == ["0", "1"]


def test_every_log_line_of_a_message_carries_the_correlation_id_of_its_request(shop: Shop, logs: io.StringIO) -> None:
    order = shop.order({shop.add_product(): 1})
    order_processor.handler(batch(shop.message("OrderPlaced", order.id), "broken"), Context())
    *of_the_order, of_the_other = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert of_the_order
    assert {line["correlation_id"] for line in of_the_order} == {"test-correlation"}
    assert "correlation_id" not in of_the_other


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
