"""Orders as those who work here see them: what waits to be packed and sent, what got stuck, and any other."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from retail import delivery
from retail.database import Connection
from retail.delivery import DeliveryAddress
from retail.errors import UnknownOrderError
from retail.money import Money
from retail.orders import OrderStatus

PAGE = 20
STUCK_MINUTES = 15  # a charge is decided in seconds, or in minutes where the gateway has to be asked again
# Where somebody waits for the next step, whoever has waited longest comes first; elsewhere whatever is newest.
WAITING = frozenset({OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PROCESSING})


class PackingLine(BaseModel):
    """So many pieces of an article."""

    sku: str
    name: str
    quantity: int


class ListedOrder(BaseModel):
    """An order in a list; nothing about who placed it."""

    id: UUID
    status: OrderStatus
    placed_at: datetime
    total: Money
    lines: list[PackingLine]


class DatedStep(BaseModel):
    """A status that an order has reached, when, and what was noted with it."""

    status: OrderStatus
    occurred_at: datetime
    note: str | None


class StaffOrder(ListedOrder):
    """An order wherever it stands, and where it goes; nothing else about who placed it."""

    tracking_code: str | None
    steps: list[DatedStep]
    delivery: DeliveryAddress | None = Field(repr=False, description="Null once it is erased")


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
        delivery=delivery.read(connection, order_id),
    )


def count_stuck(connection: Connection) -> int:
    """How many orders have waited too long for their charge to be decided."""
    row = connection.execute(
        "SELECT count(*) AS count FROM orders WHERE status = %s AND created_at < now() - make_interval(mins => %s)",
        [OrderStatus.PENDING, STUCK_MINUTES],
    ).fetchone()
    return int(row["count"]) if row else 0


def read_orders(
    connection: Connection, status: OrderStatus, *, after: tuple[datetime, UUID] | None = None
) -> tuple[list[ListedOrder], int]:
    """The orders that stand there, `PAGE` of them after that one, and how many there are in all.

    Those that wait for a step of ours come longest waiting first, others newest first.
    """
    counted = connection.execute("SELECT count(*) AS count FROM orders WHERE status = %s", [status]).fetchone()
    placed_at, order_id = after or (None, None)
    beyond, direction = (">", "") if status in WAITING else ("<", " DESC")
    rows = connection.execute(
        "SELECT id, status, created_at, total, currency, (SELECT jsonb_agg(jsonb_build_object("  # noqa: S608 constants
        "'sku', sku, 'name', name, 'quantity', quantity) ORDER BY name, sku) "
        "FROM order_items WHERE order_id = orders.id) AS lines FROM orders "
        f"WHERE status = %(status)s AND (%(id)s::uuid IS NULL OR (created_at, id) {beyond} "
        f"(%(placed_at)s, %(id)s::uuid)) ORDER BY created_at{direction}, id{direction} LIMIT %(limit)s".encode(),
        {"status": status, "id": order_id, "placed_at": placed_at, "limit": PAGE},
    ).fetchall()
    orders = [
        ListedOrder(
            id=row["id"],
            status=row["status"],
            placed_at=row["created_at"],
            total=Money(amount=row["total"], currency=row["currency"]),
            lines=row["lines"] or [],
        )
        for row in rows
    ]
    return orders, counted["count"] if counted else 0
