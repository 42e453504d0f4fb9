"""What a customer has ordered, newest first, page by page."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from retail.database import Connection
from retail.money import Money
from retail.orders import OrderStatus

PAGE = 20


class OrderSummary(BaseModel):
    """An order in a list."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    status: OrderStatus
    total: Money
    pieces: int
    placed_at: datetime


class OrderPage(BaseModel):
    """Some orders; `next` is the id to ask for what came before them, null at the end."""

    items: list[OrderSummary]
    next: UUID | None


def list_orders(
    connection: Connection, customer_id: UUID, *, before: UUID | None = None, limit: int = PAGE
) -> OrderPage:
    """A customer's orders that were placed before that one of theirs; an order placed meanwhile moves no page."""
    rows = connection.execute(
        "SELECT id, status, total, currency, created_at, "
        "(SELECT sum(quantity) FROM order_items WHERE order_id = orders.id) AS pieces "
        "FROM orders WHERE customer_id = %(customer)s AND (%(before)s::uuid IS NULL OR (created_at, id) < "
        "(SELECT created_at, id FROM orders WHERE id = %(before)s AND customer_id = %(customer)s)) "
        "ORDER BY created_at DESC, id DESC LIMIT %(rows)s",
        {"customer": customer_id, "before": before, "rows": limit + 1},
    ).fetchall()
    items = [
        OrderSummary(
            id=row["id"],
            status=OrderStatus(row["status"]),
            total=Money(amount=row["total"], currency=row["currency"]),
            pieces=row["pieces"],
            placed_at=row["created_at"],
        )
        for row in rows[:limit]
    ]
    return OrderPage(items=items, next=items[-1].id if len(rows) > limit else None)
