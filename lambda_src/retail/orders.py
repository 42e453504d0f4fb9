"""Orders: what was bought, and the named, checked and dated steps of their life."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

from retail import delivery
from retail.database import Connection
from retail.delivery import DeliveryAddress
from retail.errors import IllegalTransitionError, UnknownOrderError
from retail.events import OrderLine
from retail.money import Money


class OrderStatus(StrEnum):
    """Where an order is in its life."""

    PENDING = "PENDING"
    PAID = "PAID"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"


# As in "an order that is …".
STANDING = {
    OrderStatus.PENDING: "not paid yet",
    OrderStatus.PAID: "paid",
    OrderStatus.PAYMENT_FAILED: "declined by the bank",
    OrderStatus.PROCESSING: "being packed",
    OrderStatus.SHIPPED: "sent",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.RETURNED: "back in the house",
    OrderStatus.REFUNDED: "paid back",
}

# The order was given up: whatever still arrives of its life before changes nothing but its payment.
GIVEN_UP = frozenset({OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.REFUNDED})
# Nothing more has to happen, though something may: what was sent can come back.
ENDED = GIVEN_UP | {OrderStatus.SHIPPED, OrderStatus.PAYMENT_FAILED}


class Transition(Enum):
    """The only steps there are: name, what is done to the order by it, where it ends, where it may start."""

    PLACE = ("place", "placed", OrderStatus.PENDING)
    PAY = ("pay", "paid", OrderStatus.PAID, OrderStatus.PENDING)
    DECLINE = ("decline", "declined", OrderStatus.PAYMENT_FAILED, OrderStatus.PENDING)
    PROCESS = ("process", "packed", OrderStatus.PROCESSING, OrderStatus.PAID)
    SHIP = ("ship", "sent", OrderStatus.SHIPPED, OrderStatus.PROCESSING)
    CANCEL = (
        *("cancel", "cancelled", OrderStatus.CANCELLED),
        *(OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PROCESSING),
    )
    RETURN = ("return", "taken back", OrderStatus.RETURNED, OrderStatus.SHIPPED)
    REFUND = ("refund", "paid back", OrderStatus.REFUNDED, OrderStatus.CANCELLED, OrderStatus.RETURNED)

    def __init__(self, label: str, done: str, end: OrderStatus, *starts: OrderStatus) -> None:
        self.label = label
        self.done = done
        self.end = end
        self.starts = starts


@dataclass(frozen=True)
class NewOrder:
    """An order that is about to be placed; addresses and token stay out of logs and events."""

    id: UUID
    session_key: str = field(repr=False)
    email: str = field(repr=False)
    payment_token: str = field(repr=False)
    delivery: DeliveryAddress = field(repr=False)
    correlation_id: str
    lines: tuple[OrderLine, ...]
    total: Money
    customer_id: UUID | None = None


@dataclass(frozen=True)
class Step:
    """A transition that has happened."""

    status: OrderStatus
    occurred_at: datetime


@dataclass(frozen=True)
class Order:
    """An order as its customer sees it."""

    id: UUID
    status: OrderStatus
    total: Money
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    steps: tuple[Step, ...]
    tracking_code: str | None = None
    delivery: DeliveryAddress | None = field(default=None, repr=False)


def place(connection: Connection, order: NewOrder) -> None:
    """Write a new order with its items and where it goes, PENDING."""
    connection.execute(
        "INSERT INTO orders (id, session_key, email, payment_token, status, total, currency, correlation_id, "
        "customer_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            order.id,
            order.session_key,
            order.email,
            order.payment_token,
            Transition.PLACE.end,
            order.total.amount,
            order.total.currency,
            order.correlation_id,
            order.customer_id,
        ],
    )
    for line in order.lines:
        connection.execute(
            "INSERT INTO order_items (order_id, product_id, sku, name, quantity, unit_price) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [order.id, line.product_id, line.sku, line.name, line.quantity, line.unit_price.amount],
        )
    delivery.record(connection, order.id, order.delivery)
    _date(connection, order.id, Transition.PLACE, start=None, note=None)


def lock(connection: Connection, order_id: UUID) -> OrderStatus:
    """Where the order is, and stays until the transaction ends unless it moves it; raises UnknownOrderError."""
    row = connection.execute("SELECT status FROM orders WHERE id = %s FOR UPDATE", [order_id]).fetchone()
    if row is None:
        raise UnknownOrderError(order_id)
    return OrderStatus(row["status"])


def advance(connection: Connection, order_id: UUID, transition: Transition, *, note: str | None = None) -> None:
    """Take one step; raises UnknownOrderError, or IllegalTransitionError if the order is not where the step starts."""
    start = lock(connection, order_id)
    if start not in transition.starts:
        starts = " or ".join(STANDING[status] for status in transition.starts)
        raise IllegalTransitionError(
            f"Order {order_id} is {STANDING[start]}: only one that is {starts} can be {transition.done}."
        )
    connection.execute("UPDATE orders SET status = %s, updated_at = now() WHERE id = %s", [transition.end, order_id])
    _date(connection, order_id, transition, start=start, note=note)
    if transition.end in ENDED:
        delivery.note_end(connection, order_id)


def _date(
    connection: Connection, order_id: UUID, transition: Transition, *, start: OrderStatus | None, note: str | None
) -> None:
    connection.execute(
        "INSERT INTO order_transitions (order_id, transition, from_status, to_status, note) "
        "VALUES (%s, %s, %s, %s, %s)",
        [order_id, transition.label, start, transition.end, note],
    )


def read_order(
    connection: Connection, order_id: UUID, *, session_key: str | None, customer_id: UUID | None = None
) -> Order:
    """The order, for the session that placed it and for its customer; raises UnknownOrderError for everybody else.

    What belongs to a customer is theirs alone: the session that placed it sees it no longer once they signed out.
    """
    with connection.pipeline():  # one round trip
        found = connection.execute(
            "SELECT * FROM orders WHERE id = %(id)s "
            "AND CASE WHEN customer_id IS NULL THEN session_key = %(session)s ELSE customer_id = %(customer)s END",
            {"id": order_id, "session": session_key, "customer": customer_id},
        )
        items = connection.execute("SELECT * FROM order_items WHERE order_id = %s ORDER BY name, sku", [order_id])
        steps = connection.execute("SELECT * FROM order_transitions WHERE order_id = %s ORDER BY id", [order_id])
        destination = connection.execute(delivery.SELECT, [order_id])
    row = found.fetchone()
    if row is None:
        raise UnknownOrderError(order_id)
    return Order(
        id=row["id"],
        status=OrderStatus(row["status"]),
        total=Money(amount=row["total"], currency=row["currency"]),
        placed_at=row["created_at"],
        lines=tuple(_to_line(item, row["currency"]) for item in items.fetchall()),
        steps=tuple(Step(OrderStatus(step["to_status"]), step["occurred_at"]) for step in steps.fetchall()),
        tracking_code=row["tracking_code"],
        delivery=DeliveryAddress.model_validate(address) if (address := destination.fetchone()) else None,
    )


def _to_line(item: dict[str, Any], currency: str) -> OrderLine:
    return OrderLine(
        product_id=item["product_id"],
        sku=item["sku"],
        name=item["name"],
        quantity=item["quantity"],
        unit_price=Money(amount=item["unit_price"], currency=currency),
    )
