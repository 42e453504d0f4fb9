"""What waits to be packed and sent, and any order as those who work here see it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from retail.database import Connection
from retail.errors import UnknownOrderError
from retail.money import Money
from retail.orders import OrderStatus

PAGE = 50


class PackingLine(BaseModel):
    """So many pieces of an article."""

    sku: str
    name: str
    quantity: int


class OrderToShip(BaseModel):
    """A paid order that has not left the house; nothing about who placed it."""

    id: UUID
    placed_at: datetime
    total: Money
    lines: list[PackingLine]


class DatedStep(BaseModel):
    """A status that an order has reached, when, and what was noted with it."""

    status: OrderStatus
    occurred_at: datetime
    note: str | None


class StaffOrder(OrderToShip):
    """An order wherever it stands; nothing about who placed it."""

    status: OrderStatus
    tracking_code: str | None
    steps: list[DatedStep]


def read_for_staff(connection: Connection, order_id: UUID) -> StaffOrder:
    """One order; raises UnknownOrderError."""
    row = connection.execute(
        "SELECT id, status, created_at, total, currency, tracking_code FROM orders WHERE id = %s", [order_id]
    ).fetchone()
    if row is None:
        raise UnknownOrderError(order_id)
    items = connection.execute(
        "SELECT sku, name, quantity FROM order_items WHERE order_id = %s ORDER BY name, sku", [order_id]
    )
    steps = connection.execute(
        "SELECT to_status, occurred_at, note FROM order_transitions WHERE order_id = %s ORDER BY id", [order_id]
    )
    return StaffOrder(
        id=row["id"],
        placed_at=row["created_at"],
        total=Money(amount=row["total"], currency=row["currency"]),
        lines=[PackingLine.model_validate(item) for item in items.fetchall()],
        status=OrderStatus(row["status"]),
        tracking_code=row["tracking_code"],
        steps=[
            DatedStep(status=step["to_status"], occurred_at=step["occurred_at"], note=step["note"])
            for step in steps.fetchall()
        ],
    )


def read_orders_to_ship(
    connection: Connection, *, after: tuple[datetime, UUID] | None = None
) -> tuple[list[OrderToShip], int]:
    """The orders to be sent, longest waiting first, `PAGE` of them after that one; and how many there are in all."""
    waiting = connection.execute("SELECT count(*) AS count FROM orders WHERE status = %s", [OrderStatus.PROCESSING])
    placed_at, order_id = after or (None, None)
    rows = connection.execute(
        "SELECT id, created_at, total, currency, (SELECT jsonb_agg(jsonb_build_object('sku', sku, 'name', name, "
        "'quantity', quantity) ORDER BY name, sku) FROM order_items WHERE order_id = orders.id) AS lines FROM orders "
        "WHERE status = %(status)s AND (%(id)s::uuid IS NULL OR (created_at, id) > (%(placed_at)s, %(id)s::uuid)) "
        "ORDER BY created_at, id LIMIT %(limit)s",
        {"status": OrderStatus.PROCESSING, "id": order_id, "placed_at": placed_at, "limit": PAGE},
    ).fetchall()
    orders = [
        OrderToShip(
            id=row["id"],
            placed_at=row["created_at"],
            total=Money(amount=row["total"], currency=row["currency"]),
            lines=row["lines"] or [],
        )
        for row in rows
    ]
    count = waiting.fetchone()
    return orders, count["count"] if count else 0
