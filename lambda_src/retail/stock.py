"""Stock that cannot be sold twice.

Pieces move by conditional updates only, and every transaction touches products in the order of their
ids, after the reservations of its order: no overselling, no deadlock.
"""

from collections.abc import Mapping
from typing import NoReturn
from uuid import UUID

from psycopg.rows import tuple_row

from retail.catalog import Product, to_product
from retail.database import Connection
from retail.errors import InsufficientStockError, UnknownProductError
from retail.events import ReservedLine

LOW_STOCK = 5  # pieces in the house; the order that leads there calls whoever buys new ones (row E8)

# One statement for a whole cart; it locks the rows in the order of their ids and then judges them as they are.
_SET_ASIDE = """
WITH wanted AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[]) AS wanted (id, quantity)
), locked AS MATERIALIZED (
    SELECT id FROM products WHERE id IN (SELECT id FROM wanted) ORDER BY id FOR NO KEY UPDATE
)
UPDATE products SET reserved_count = reserved_count + wanted.quantity, updated_at = now()
FROM wanted JOIN locked USING (id)
WHERE products.id = wanted.id AND active AND inventory_count - reserved_count >= wanted.quantity
RETURNING products.*
"""
_UNRESERVE = "UPDATE products SET reserved_count = reserved_count - %(quantity)s, updated_at = now() WHERE id = %(id)s"
_RESTOCK = "UPDATE products SET inventory_count = inventory_count + %(quantity)s, updated_at = now() WHERE id = %(id)s"


def set_aside(connection: Connection, quantities: Mapping[UUID, int]) -> list[Product]:
    """Set pieces of each product aside and return the products as they are sold now.

    Raises UnknownProductError or InsufficientStockError; the caller's transaction must then be rolled back.
    """
    wanted = sorted(quantities)
    rows = connection.execute(_SET_ASIDE, [wanted, [quantities[product_id] for product_id in wanted]]).fetchall()
    products = {row["id"]: to_product(row) for row in rows}
    for product_id in wanted:
        if product_id not in products:
            _refuse(connection, product_id, quantities[product_id])
    return [products[product_id] for product_id in wanted]


def _refuse(connection: Connection, product_id: UUID, quantity: int) -> NoReturn:
    left = connection.execute("SELECT * FROM products WHERE id = %s AND active", [product_id]).fetchone()
    if left is None:
        raise UnknownProductError(product_id)
    product = to_product(left)
    raise InsufficientStockError(product_id=product_id, name=product.name, wanted=quantity, available=product.available)


def record_reservations(connection: Connection, order_id: UUID, quantities: Mapping[UUID, int]) -> None:
    """Note for which order the pieces are set aside."""
    for product_id in sorted(quantities):
        connection.execute(
            "INSERT INTO reservations (order_id, product_id, quantity) VALUES (%s, %s, %s)",
            [order_id, product_id, quantities[product_id]],
        )


def decrement(connection: Connection, order_id: UUID) -> dict[UUID, int]:
    """Take the reserved pieces of an order out of the stock; returns what became low by it, with the pieces left.

    What is released or decremented already is left alone.
    """
    low = {}
    for product_id, quantity, status in _lock_reservations(connection, order_id):
        if status == "RESERVED":
            ((left,),) = connection.cursor(row_factory=tuple_row).execute(
                "UPDATE products SET inventory_count = inventory_count - %(quantity)s, "
                "reserved_count = reserved_count - %(quantity)s, updated_at = now() WHERE id = %(id)s "
                "RETURNING inventory_count",
                {"id": product_id, "quantity": quantity},
            )
            _mark(connection, order_id, product_id, "DECREMENTED")
            if left <= LOW_STOCK < left + quantity:
                low[product_id] = left
    return low


def release(connection: Connection, order_id: UUID) -> tuple[ReservedLine, ...]:
    """Give the pieces of an order back; returns those that were not free already.

    It does not matter whether they are only reserved or decremented already, so that release and decrement
    end in the same stock in whichever order their events arrive.
    """
    released = []
    for product_id, quantity, status in _lock_reservations(connection, order_id):
        if status == "RELEASED":
            continue
        back = _UNRESERVE if status == "RESERVED" else _RESTOCK
        connection.execute(back, {"id": product_id, "quantity": quantity})
        _mark(connection, order_id, product_id, "RELEASED")
        released.append(ReservedLine(product_id=product_id, quantity=quantity))
    return tuple(released)


def _lock_reservations(connection: Connection, order_id: UUID) -> list[tuple[UUID, int, str]]:
    rows = connection.execute(
        "SELECT product_id, quantity, status FROM reservations WHERE order_id = %s ORDER BY product_id FOR UPDATE",
        [order_id],
    ).fetchall()
    return [(row["product_id"], row["quantity"], row["status"]) for row in rows]


def _mark(connection: Connection, order_id: UUID, product_id: UUID, status: str) -> None:
    connection.execute(
        "UPDATE reservations SET status = %s, updated_at = now() WHERE order_id = %s AND product_id = %s",
        [status, order_id, product_id],
    )
