"""What people do with an order: send it, give it up, take it back; and where its money goes then."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from retail import fulfilment, stock
from retail.errors import IllegalTransitionError, UnknownOrderError
from retail.lake import Lake
from retail.money import Money
from retail.orders import Transition
from retail.payments import PaymentOutcome, PaymentSimulator
from retail.settlement import Settlement
from tests.retail.raw_zone import RememberingS3
from tests.retail.shop import Shop


class Ledger(PaymentSimulator):
    """The simulator, which remembers for which orders money moved, and does something else while it charges."""

    def __init__(self) -> None:
        self.charged: list[UUID] = []
        self.refunded: list[UUID] = []
        self.meanwhile: Any = lambda: None

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        self.charged.append(order_id)
        self.meanwhile()
        return super().charge(order_id=order_id, amount=amount, token=token, asked_since=asked_since)

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:
        self.refunded.append(order_id)
        self.meanwhile()
        return super().refund(order_id=order_id, amount=amount, reference=reference)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def settlement(shop: Shop, ledger: Ledger) -> Settlement:
    objects: Any = RememberingS3()
    return Settlement(database=shop.database, lake=Lake(objects, "lake"), gateway=ledger, bus=shop.bus)


def pay(shop: Shop, settlement: Settlement, order_id: UUID) -> None:
    settlement.order_placed(shop.event("OrderPlaced", order_id))
    settlement.payment_processed(shop.event("PaymentProcessed", order_id))
    with shop.database.transaction() as connection:
        stock.decrement(connection, order_id)


def cancel(shop: Shop, order_id: UUID) -> None:
    fulfilment.cancel(shop.database, order_id, reason="changed their mind", correlation_id="abc")


def test_a_shipped_order_is_announced_with_its_tracking_code(shop: Shop, settlement: Settlement) -> None:
    order = shop.order({shop.add_product(): 1})
    pay(shop, settlement, order.id)
    fulfilment.ship(shop.database, order.id, tracking_code="1Z999", correlation_id="abc")
    assert shop.status(order.id) == "SHIPPED"
    shipped = shop.event("OrderShipped", order.id)
    assert (shipped.detail.payload["tracking_code"], shipped.detail.correlation_id) == ("1Z999", "abc")
    assert shop.rows("SELECT tracking_code FROM orders") == [{"tracking_code": "1Z999"}]


def test_a_second_shipping_is_refused_and_announces_nothing(shop: Shop, settlement: Settlement) -> None:
    order = shop.order({shop.add_product(): 1})
    pay(shop, settlement, order.id)
    fulfilment.ship(shop.database, order.id, correlation_id="abc")
    with pytest.raises(IllegalTransitionError, match="is sent: only one that is being packed can be sent"):
        fulfilment.ship(shop.database, order.id, correlation_id="abc")
    assert len(shop.rows("SELECT 1 AS one FROM outbox WHERE detail_type = 'OrderShipped'")) == 1


def test_what_nobody_ordered_is_neither_shipped_nor_cancelled(shop: Shop) -> None:
    with pytest.raises(UnknownOrderError):
        fulfilment.ship(shop.database, UUID(int=1), correlation_id="abc")
    with pytest.raises(UnknownOrderError):
        cancel(shop, UUID(int=1))


def test_a_cancelled_order_gives_back_stock_and_money_once_when_delivered_twice(
    shop: Shop, settlement: Settlement, ledger: Ledger
) -> None:
    mug = shop.add_product(stock=5)
    order = shop.order({mug: 2})
    pay(shop, settlement, order.id)
    assert shop.stock(mug) == (3, 0)
    cancel(shop, order.id)
    assert (shop.status(order.id), shop.stock(mug)) == ("CANCELLED", (5, 0))
    for _ in range(2):
        settlement.order_cancelled(shop.event("OrderCancelled", order.id))
    assert (shop.status(order.id), ledger.refunded) == ("REFUNDED", [order.id])
    (payment,) = shop.rows("SELECT status, refund_reference FROM payments")
    assert payment["status"] == "REFUNDED"
    refunded = [entry.detail["payload"] for entry in shop.bus.entries if entry.detail_type == "PaymentRefunded"]
    assert [entry["refund_reference"] for entry in refunded] == [payment["refund_reference"]]
    assert shop.event("InventoryReleased", order.id).detail.payload["lines"] == [
        {"product_id": str(mug), "quantity": 2}
    ]


def test_a_returned_order_gives_back_stock_and_money(shop: Shop, settlement: Settlement, ledger: Ledger) -> None:
    mug = shop.add_product(stock=5)
    order = shop.order({mug: 2})
    pay(shop, settlement, order.id)
    fulfilment.ship(shop.database, order.id, correlation_id="abc")
    fulfilment.take_back(shop.database, order.id, reason="too small", correlation_id="abc")
    assert (shop.status(order.id), shop.stock(mug)) == ("RETURNED", (5, 0))
    settlement.order_returned(shop.event("OrderReturned", order.id))
    assert (shop.status(order.id), ledger.refunded) == ("REFUNDED", [order.id])
    steps = shop.rows("SELECT transition, note FROM order_transitions ORDER BY id")
    assert [step["transition"] for step in steps] == ["place", "pay", "process", "ship", "return", "refund"]
    assert steps[4]["note"] == "too small"


def test_an_order_cancelled_before_its_charge_is_never_charged(
    shop: Shop, settlement: Settlement, ledger: Ledger
) -> None:
    mug = shop.add_product(stock=5)
    order = shop.order({mug: 2})
    cancel(shop, order.id)
    for _ in range(2):
        settlement.order_placed(shop.event("OrderPlaced", order.id))
    settlement.order_cancelled(shop.event("OrderCancelled", order.id))
    assert (ledger.charged, ledger.refunded) == ([], [])
    assert (shop.status(order.id), shop.stock(mug), shop.count("payments")) == ("CANCELLED", (5, 0), 0)
    assert shop.rows("SELECT payment_token FROM orders") == [{"payment_token": None}]


@pytest.mark.parametrize("cancelled_event", ["before", "after"])
def test_an_order_cancelled_while_it_is_charged_gets_its_money_back(
    shop: Shop, settlement: Settlement, ledger: Ledger, cancelled_event: str
) -> None:
    order = shop.order({shop.add_product(): 2})
    ledger.meanwhile = lambda: cancel(shop, order.id)
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    ledger.meanwhile = lambda: None
    assert shop.rows("SELECT status FROM payments") == [{"status": "CAPTURED"}]
    events = [
        (settlement.order_cancelled, shop.event("OrderCancelled", order.id)),
        (settlement.payment_processed, shop.event("PaymentProcessed", order.id)),
    ]
    for apply, event in events if cancelled_event == "before" else reversed(events):
        apply(event)
    assert (shop.status(order.id), ledger.refunded) == ("REFUNDED", [order.id])


def test_a_crash_between_charge_and_cancellation_still_gives_the_money_back(
    shop: Shop, settlement: Settlement, ledger: Ledger
) -> None:
    order = shop.order({shop.add_product(): 2})

    def die() -> None:
        raise KeyboardInterrupt

    ledger.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        settlement.order_placed(shop.event("OrderPlaced", order.id))
    ledger.meanwhile = lambda: None
    cancel(shop, order.id)
    settlement.order_cancelled(shop.event("OrderCancelled", order.id))
    settlement.order_placed(shop.event("OrderPlaced", order.id))  # the message comes back
    settlement.payment_processed(shop.event("PaymentProcessed", order.id))
    assert (shop.status(order.id), ledger.refunded) == ("REFUNDED", [order.id])


def test_a_crash_between_refund_and_its_record_refunds_no_second_time(
    shop: Shop, settlement: Settlement, ledger: Ledger
) -> None:
    order = shop.order({shop.add_product(): 2})
    pay(shop, settlement, order.id)
    cancel(shop, order.id)
    first = PaymentSimulator().refund(order_id=order.id, amount=order.total, reference="any")  # then the process died
    settlement.order_cancelled(shop.event("OrderCancelled", order.id))
    assert shop.rows("SELECT refund_reference FROM payments") == [{"refund_reference": first}]


def test_every_step_has_a_name_of_its_own_and_no_way_leads_out_of_an_end() -> None:
    assert len({step.label for step in Transition}) == len(Transition)
    starts = {start for step in Transition for start in step.starts}
    ends = {step.end for step in Transition} - starts
    assert ends == {"PAYMENT_FAILED", "REFUNDED"}
