"""What happens to an order after its confirmation."""

import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from retail import fulfilment, payments, stock
from retail.database import SingleConnection
from retail.errors import IllegalTransitionError, PaymentGatewayMissingError, PaymentUndecidedError, UnknownOrderError
from retail.events import BusEvent, Envelope, OrderPlaced
from retail.lake import Lake
from retail.money import Money
from retail.payments import (
    DECLINED_TOKEN,
    INSUFFICIENT_FUNDS_TOKEN,
    SLOW_TOKEN,
    PaymentOutcome,
    PaymentSimulator,
    gateway_named,
)
from retail.settlement import Settlement
from tests.retail.raw_zone import RememberingS3
from tests.retail.shop import EMAIL, Shop

PATIENCE_SECONDS = 60


class CountingGateway(PaymentSimulator):
    """The simulator, which says how often it was asked."""

    calls = 0

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        self.calls += 1
        return super().charge(order_id=order_id, amount=amount, token=token, asked_since=asked_since)


@pytest.fixture
def objects() -> RememberingS3:
    return RememberingS3()


@pytest.fixture
def gateway() -> CountingGateway:
    return CountingGateway()


@pytest.fixture
def settlement(shop: Shop, objects: Any, gateway: CountingGateway) -> Settlement:
    return Settlement(database=shop.database_of_functions, lake=Lake(objects, "lake"), gateway=gateway, bus=shop.bus)


def test_an_order_is_archived_paid_and_announced(shop: Shop, settlement: Settlement, objects: RememberingS3) -> None:
    order = shop.order({shop.add_product(): 2})
    event = shop.event("OrderPlaced", order.id)
    settlement.order_placed(event)
    key = f"raw/orders/date={event.detail.occurred_at:%Y-%m-%d}/{event.detail.event_id}.json"
    assert objects.objects[key]["payload"]["order_id"] == str(order.id)
    assert objects.objects[key]["detail_type"] == "OrderPlaced"
    assert EMAIL not in str(objects.objects)
    assert shop.status(order.id) == "PAID"
    assert shop.rows("SELECT status, amount FROM payments") == [{"status": "CAPTURED", "amount": order.total.amount}]
    assert "PaymentProcessed" in [entry.detail_type for entry in shop.bus.entries]
    settlement.payment_processed(shop.event("PaymentProcessed", order.id))
    assert shop.status(order.id) == "PROCESSING"
    assert len(objects.objects) == 2


def test_an_order_is_applied_once_when_delivered_twice(
    shop: Shop, settlement: Settlement, gateway: CountingGateway
) -> None:
    order = shop.order({shop.add_product(): 1})
    for _ in range(2):
        settlement.order_placed(shop.event("OrderPlaced", order.id))
    for _ in range(2):
        settlement.payment_processed(shop.event("PaymentProcessed", order.id))
    assert (gateway.calls, shop.count("payments"), shop.status(order.id)) == (1, 1, "PROCESSING")
    assert [entry.detail_type for entry in shop.bus.entries].count("PaymentProcessed") == 1
    steps = shop.rows("SELECT transition FROM order_transitions ORDER BY id")
    assert [step["transition"] for step in steps] == ["place", "pay", "process"]


class HoldingGateway(PaymentSimulator):
    """Answers only once so many have asked and somebody allows it."""

    def __init__(self, deliveries: int) -> None:
        self.asked = Barrier(deliveries + 1)
        self.allowed = Event()

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        self.asked.wait(PATIENCE_SECONDS)
        assert self.allowed.wait(PATIENCE_SECONDS)
        return super().charge(order_id=order_id, amount=amount, token=token, asked_since=asked_since)


def _deliver(shop: Shop, objects: Any, gateway: PaymentSimulator, event: BusEvent) -> None:
    """One more instance of the function, with a connection of its own."""
    database = SingleConnection(lambda: shop.conninfo)
    try:
        Settlement(database=database, lake=Lake(objects, "lake"), gateway=gateway, bus=shop.bus).order_placed(event)
    finally:
        database.close()


def _until_waiting(shop: Shop, sessions: int) -> None:
    waiting = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while shop.rows(waiting)[0]["n"] < sessions:
        assert time.monotonic() < deadline, f"fewer than {sessions} wait for a lock"
        time.sleep(0.01)


@pytest.mark.parametrize("token", ["tok_visa", "tok_declined"])
def test_two_deliveries_that_both_ask_the_gateway_settle_once(shop: Shop, objects: Any, token: str) -> None:
    order = shop.order({shop.add_product(): 1}, token=token)
    event, gateway = shop.event("OrderPlaced", order.id), HoldingGateway(2)
    with ThreadPoolExecutor(2) as pool:
        deliveries = [pool.submit(_deliver, shop, objects, gateway, event) for _ in range(2)]
        gateway.asked.wait(PATIENCE_SECONDS)
        gateway.allowed.set()
        assert [delivery.result(PATIENCE_SECONDS) for delivery in deliveries] == [None, None]
    assert (shop.count("payments"), shop.count("order_transitions")) == (1, 2)


@pytest.mark.parametrize("token", ["tok_visa", "tok_declined"])
def test_a_delivery_that_meets_another_one_in_its_last_transaction_waits_and_finds_it_done(
    shop: Shop, objects: Any, token: str
) -> None:
    order = shop.order({shop.add_product(): 1}, token=token)
    event, gateway = shop.event("OrderPlaced", order.id), HoldingGateway(1)
    with ThreadPoolExecutor(2) as pool, psycopg.connect(shop.conninfo) as somebody:
        first = pool.submit(_deliver, shop, objects, gateway, event)
        gateway.asked.wait(PATIENCE_SECONDS)
        somebody.execute("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", [order.id])
        gateway.allowed.set()
        _until_waiting(shop, 1)  # the first delivery, in the transaction that settles
        second = pool.submit(_deliver, shop, objects, gateway, event)
        _until_waiting(shop, 2)  # the second, behind it
        somebody.rollback()
        assert (first.result(PATIENCE_SECONDS), second.result(PATIENCE_SECONDS)) == (None, None)
    assert (shop.count("payments"), shop.count("order_transitions")) == (1, 2)


def test_two_deliveries_of_every_later_event_at_once_apply_it_once(shop: Shop, objects: Any) -> None:
    mug = shop.add_product(stock=5)
    order = shop.order({mug: 2})
    gateway = PaymentSimulator()

    def settlement(database: SingleConnection) -> Settlement:
        return Settlement(database=database, lake=Lake(objects, "lake"), gateway=gateway, bus=shop.bus)

    def deliver(detail_type: str, handle: Callable[[Settlement, BusEvent], None]) -> None:
        event = shop.event(detail_type, order.id)

        def one(_: int) -> None:
            database = SingleConnection(lambda: shop.conninfo)
            try:
                handle(settlement(database), event)
            finally:
                database.close()

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(one, range(8))) == [None] * 8

    deliver("OrderPlaced", Settlement.order_placed)
    deliver("PaymentProcessed", Settlement.payment_processed)
    fulfilment.ship(shop.database, order.id, correlation_id="test-correlation")
    fulfilment.take_back(shop.database, order.id, reason="broken", correlation_id="test-correlation")
    deliver("OrderReturned", Settlement.order_returned)
    assert (shop.status(order.id), shop.stock(mug), shop.count("payments")) == ("REFUNDED", (5, 0), 1)
    assert shop.count("order_transitions") == 6


def test_a_declined_payment_releases_the_stock_and_is_announced(shop: Shop, settlement: Settlement) -> None:
    mug = shop.add_product(stock=4)
    order = shop.order({mug: 3}, token="tok_declined")
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert shop.status(order.id) == "PAYMENT_FAILED"
    assert shop.stock(mug) == (4, 0)
    failed = [entry for entry in shop.bus.entries if entry.detail_type == "OrderPaymentFailed"]
    assert failed[0].detail["payload"]["order_id"] == str(order.id)
    assert failed[0].detail["correlation_id"] == "test-correlation"


@pytest.mark.parametrize("token", ["tok_visa", "tok_declined"])
def test_any_order_of_the_events_ends_in_the_same_state(shop: Shop, settlement: Settlement, token: str) -> None:
    def settle(order_id: UUID) -> None:
        settlement.order_placed(shop.event("OrderPlaced", order_id))

    def decrement(order_id: UUID) -> None:
        with shop.database.transaction() as connection:
            stock.decrement(connection, order_id)

    ends = set()
    steps: list[Callable[[UUID], None]] = [settle, decrement, settle, decrement]
    for sequence in itertools.permutations(steps):
        mug = shop.add_product(stock=10)
        order = shop.order({mug: 4}, token=token)
        for step in sequence:
            step(order.id)
        ends.add((shop.status(order.id), shop.stock(mug)))
    assert ends == {("PAID", (6, 0)) if token == "tok_visa" else ("PAYMENT_FAILED", (10, 0))}


def test_a_crash_after_the_charge_charges_no_second_time(shop: Shop, settlement: Settlement) -> None:
    order = shop.order({shop.add_product(): 1})
    first = PaymentSimulator().charge(
        order_id=order.id, amount=order.total, token="tok_visa", asked_since=datetime.now(UTC)
    )  # then the process died
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert [row["reference"] for row in shop.rows("SELECT reference FROM payments")] == [first.reference]


def test_a_bus_that_is_away_after_the_payment_fails_nothing_and_gets_the_event_later(
    shop: Shop, settlement: Settlement, objects: Any, gateway: CountingGateway
) -> None:
    order = shop.order({shop.add_product(): 1})
    shop.bus.fail_with = ConnectionError("away")
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert shop.status(order.id) == "PAID"
    shop.bus.fail_with = None
    shop.rows("UPDATE outbox SET claimed_until = NULL")
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert shop.bus.entries == [], "left alone for a minute"
    another = Settlement(database=shop.database, lake=Lake(objects, "lake"), gateway=gateway, bus=shop.bus)
    another.order_placed(shop.event("OrderPlaced", order.id))
    assert "PaymentProcessed" in [entry.detail_type for entry in shop.bus.entries]
    assert gateway.calls == 1


def test_the_payment_token_is_erased_once_the_charge_is_decided(shop: Shop, settlement: Settlement) -> None:
    order = shop.order({shop.add_product(): 1})
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert shop.rows("SELECT payment_token FROM orders") == [{"payment_token": None}]


def test_without_a_gateway_an_order_is_archived_stays_pending_and_fails_with_the_reason(
    shop: Shop, objects: Any
) -> None:
    lake = Lake(objects, "lake")
    settlement = Settlement(database=shop.database, lake=lake, gateway=gateway_named("none"), bus=shop.bus)
    order = shop.order({shop.add_product(): 1})
    with pytest.raises(PaymentGatewayMissingError, match="no payment gateway"):
        settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert (shop.status(order.id), len(objects.objects), shop.count("payments")) == ("PENDING", 1, 0)


def test_an_event_out_of_turn_fails_and_changes_nothing(shop: Shop, settlement: Settlement) -> None:
    order = shop.order({shop.add_product(): 1})
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    event = shop.event("PaymentProcessed", order.id)
    settlement.payment_processed(event)
    again = event.model_copy(update={"detail": event.detail.model_copy(update={"event_id": uuid4()})})
    with pytest.raises(IllegalTransitionError, match="is being packed: only one that is paid can be packed"):
        settlement.payment_processed(again)
    assert shop.count("order_transitions") == 3


def test_an_order_that_does_not_exist_fails_with_its_id(shop: Shop, settlement: Settlement) -> None:
    order = shop.order({shop.add_product(): 1})
    placed = shop.event("OrderPlaced", order.id).payload(OrderPlaced).model_copy(update={"order_id": uuid4()})
    detail = Envelope.around(placed, correlation_id="test-correlation").as_json()
    body = json.dumps({"detail-type": "OrderPlaced", "source": "retail.storefront", "detail": detail})
    with pytest.raises(UnknownOrderError, match=str(placed.order_id)):
        settlement.order_placed(BusEvent.parse(body))


def test_a_gateway_that_does_not_answer_leaves_the_order_as_it_was_and_a_later_try_charges_it(
    shop: Shop, settlement: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "SLOW_FOR", timedelta(minutes=5))
    order = shop.order({shop.add_product(): 1}, token=SLOW_TOKEN)
    with pytest.raises(PaymentUndecidedError):
        settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert (shop.status(order.id), shop.count("payments")) == ("PENDING", 0)
    shop.rows("UPDATE orders SET charge_requested_at = charge_requested_at - interval '6 minutes'")
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert shop.status(order.id) == "PAID"


@pytest.mark.parametrize(
    ("token", "reason"),
    [(DECLINED_TOKEN, "the bank gives no reason"), (INSUFFICIENT_FUNDS_TOKEN, "insufficient")],
)
def test_a_declined_card_says_why(shop: Shop, settlement: Settlement, token: str, reason: str) -> None:
    order = shop.order({shop.add_product(): 1}, token=token)
    settlement.order_placed(shop.event("OrderPlaced", order.id))
    assert reason in shop.event("OrderPaymentFailed", order.id).detail.payload["reason"]
