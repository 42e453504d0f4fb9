"""Whatever the order of delivery and the number of duplicates, and whatever people do meanwhile: one end."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory_handler import handler as inventory_handler
from order_processor import handler as order_processor
from retail import fulfilment
from retail.cache import connect_cache
from retail.errors import IllegalTransitionError
from retail.events import CONTRACTS, BusEvent
from retail.lake import Lake
from retail.money import Money
from retail.payments import PaymentOutcome, PaymentSimulator
from retail.settlement import Settlement
from tests.retail.raw_zone import RememberingS3
from tests.retail.shop import Shop

STOCK = 10
ACTIONS = st.one_of(
    st.integers(min_value=0, max_value=30),  # deliver one of the events that exist by then
    st.sampled_from(["ship", "cancel", "return", "cancel while the gateway is asked"]),
)


class Ledger(PaymentSimulator):
    """What the gateway took and gave back, whoever interrupts it."""

    def __init__(self) -> None:
        self.taken: Counter[UUID] = Counter()
        self.returned: Counter[UUID] = Counter()
        self.meanwhile: Callable[[], None] | None = None

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        if self.meanwhile:
            self.meanwhile()
        outcome = super().charge(order_id=order_id, amount=amount, token=token, asked_since=asked_since)
        self.taken[order_id] += outcome.status == "CAPTURED"
        return outcome

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:
        self.returned[order_id] += 1
        return super().refund(order_id=order_id, amount=amount, reference=reference)


class Life:
    """One order, what is delivered of it, and what people do with it."""

    def __init__(self, shop: Shop, ledger: Ledger, settlement: Settlement, token: str) -> None:
        self.shop, self.ledger, self.settlement = shop, ledger, settlement
        self.product = shop.add_product(stock=STOCK)
        self.id = shop.order({self.product: 4}, token=token).id
        self.done: set[str] = set()

    def act(self, action: int | str) -> None:
        if isinstance(action, int):
            events = self.events()
            self.deliver(events[action % len(events)])
        elif action == "cancel while the gateway is asked":
            self.ledger.meanwhile = partial(self.act, "cancel")
        else:
            self.try_to(action)

    def try_to(self, step: str) -> None:
        database, correlation_id = self.shop.database, "abc"
        try:
            if step == "ship":
                fulfilment.ship(database, self.id, correlation_id=correlation_id)
            elif step == "cancel":
                fulfilment.cancel(database, self.id, reason="no more", correlation_id=correlation_id)
            else:
                fulfilment.take_back(database, self.id, reason="too small", correlation_id=correlation_id)
            self.done.add(step)
        except IllegalTransitionError:
            pass  # the person is told; the order is as it was

    def events(self) -> list[BusEvent]:
        rows = self.shop.rows(
            "SELECT source, detail_type, detail FROM outbox WHERE detail #>> '{payload,order_id}' = %s ORDER BY id",
            str(self.id),
        )
        return [
            BusEvent.parse(
                json.dumps({"detail-type": row["detail_type"], "source": row["source"], "detail": row["detail"]})
            )
            for row in rows
        ]

    def deliver(self, event: BusEvent) -> None:
        if handle := order_processor.HANDLERS.get(event.detail_type):
            handle(self.settlement, event)
        if handle_stock := inventory_handler.HANDLERS.get(event.detail_type):
            handle_stock(event)

    def deliver_the_rest(self, backwards: bool) -> None:
        """At least once each, until nothing new comes of it."""
        delivered = 0
        while delivered < len(events := self.events()):
            delivered = len(events)
            for event in reversed(events) if backwards else events:
                self.deliver(event)

    def end(self) -> tuple[str, tuple[int, int], list[str], bool]:
        payments = [row["status"] for row in self.shop.rows("SELECT status FROM payments WHERE order_id = %s", self.id)]
        kept = bool(self.ledger.taken[self.id]) and not self.ledger.returned[self.id]
        return self.shop.status(self.id), self.shop.stock(self.product), payments, kept


@pytest.fixture
def world(shop: Shop, cache_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Life]:
    ledger, objects = Ledger(), RememberingS3()
    lake = Lake(objects, "lake")  # type: ignore[arg-type]
    cache = connect_cache(cache_url.removeprefix("redis://"), scheme="redis")
    resources = inventory_handler.Resources(shop.database_of_functions, cache)
    monkeypatch.setattr(inventory_handler, "resources", lambda: resources)
    settlement = Settlement(database=shop.database_of_functions, lake=lake, gateway=ledger, bus=shop.bus)

    def begin(token: str) -> Life:
        ledger.meanwhile = None
        return Life(shop, ledger, settlement, token)

    return begin


def expected(token: str, life: Life) -> tuple[Any, ...]:
    sold, unsold = (STOCK - 4, 0), (STOCK, 0)
    if life.done & {"cancel", "return"}:
        if life.ledger.taken[life.id]:
            return "REFUNDED", unsold, ["REFUNDED"], False
        asked = token == "tok_declined" and life.shop.rows("SELECT 1 AS one FROM payments WHERE order_id = %s", life.id)
        return "CANCELLED", unsold, ["DECLINED"] if asked else [], False
    if token == "tok_declined":
        return "PAYMENT_FAILED", unsold, ["DECLINED"], False
    return "SHIPPED" if "ship" in life.done else "PROCESSING", sold, ["CAPTURED"], True


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    token=st.sampled_from(["tok_visa", "tok_visa", "tok_declined"]),
    actions=st.lists(ACTIONS, max_size=14),
    backwards=st.booleans(),
)
def test_any_order_and_any_number_of_deliveries_end_alike(
    world: Callable[[str], Life], token: str, actions: list[int | str], backwards: bool
) -> None:
    life = world(token)
    for action in actions:
        life.act(action)
    life.deliver_the_rest(backwards)
    end = life.end()
    assert end == expected(token, life)
    life.deliver_the_rest(not backwards)  # all of it once more
    assert life.end() == end
    assert all(event.source == CONTRACTS[event.detail_type].source for event in life.events())
    steps = life.shop.rows("SELECT transition FROM order_transitions WHERE order_id = %s", life.id)
    assert max(Counter(step["transition"] for step in steps).values()) == 1
