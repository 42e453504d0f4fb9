"""What waits to be packed and sent."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from retail.database import Connection
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
