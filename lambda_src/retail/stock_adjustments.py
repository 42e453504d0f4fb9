"""Correcting the stock by hand: counted, received, lost. Each correction has a reason, and is applied once."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from retail import outbox
from retail.database import Connection, Database
from retail.errors import StockAdjustmentReusedError, StockOutOfBoundsError, UnknownProductError
from retail.events import InventoryAdjusted

LARGEST_STOCK = 1_000_000


class StockAdjustment(BaseModel):
    """A correction of the stock; `id` is chosen by whoever asks, so that asking twice corrects once."""

    id: UUID
    product_id: UUID
    change: int
    inventory_count: int
    reason: str
    adjusted_by: str
    adjusted_at: datetime


def adjust(
    writer: Database,
    product_id: UUID,
    change: int,
    *,
    adjustment_id: UUID,
    reason: str,
    adjusted_by: str,
    correlation_id: str,
) -> StockAdjustment:
    """Add pieces (or take them away) and announce it, in one transaction; the same id again changes nothing.

    Raises UnknownProductError, StockOutOfBoundsError when pieces that are reserved would be gone, and
    StockAdjustmentReusedError when the id stands for another correction.
    """
    with writer.transaction() as connection:
        # Others who correct this product, or buy it, wait here; whoever repeats finds the row of the first attempt.
        known = connection.execute("SELECT FROM products WHERE id = %s FOR UPDATE", [product_id]).fetchone()
        if known is None:
            raise UnknownProductError(product_id)
        if before := connection.execute("SELECT * FROM stock_adjustments WHERE id = %s", [adjustment_id]).fetchone():
            applied = StockAdjustment.model_validate(before)
            if (applied.product_id, applied.change) != (product_id, change):
                raise StockAdjustmentReusedError
            return applied
        return _apply(connection, product_id, change, adjustment_id, reason, adjusted_by, correlation_id)


def _apply(
    connection: Connection,
    product_id: UUID,
    change: int,
    adjustment_id: UUID,
    reason: str,
    adjusted_by: str,
    correlation_id: str,
) -> StockAdjustment:
    changed = connection.execute(
        "UPDATE products SET inventory_count = inventory_count + %(change)s, updated_at = now() "
        "WHERE id = %(id)s AND inventory_count + %(change)s BETWEEN reserved_count AND %(most)s "
        "RETURNING inventory_count",
        {"id": product_id, "change": change, "most": LARGEST_STOCK},
    ).fetchone()
    if changed is None:
        raise _out_of_bounds(connection, product_id, change)
    row = connection.execute(
        "INSERT INTO stock_adjustments (id, product_id, change, inventory_count, reason, adjusted_by) "
        "VALUES (%s, %s, %s, %s, %s, %s) RETURNING *",
        [adjustment_id, product_id, change, changed["inventory_count"], reason, adjusted_by],
    ).fetchone()
    adjusted = InventoryAdjusted(
        product_id=product_id, change=change, inventory_count=changed["inventory_count"], reason=reason
    )
    outbox.record(connection, adjusted, source="retail.catalog", correlation_id=correlation_id)
    return StockAdjustment.model_validate(row)


def _out_of_bounds(connection: Connection, product_id: UUID, change: int) -> StockOutOfBoundsError:
    row = connection.execute(
        "SELECT inventory_count, reserved_count FROM products WHERE id = %s", [product_id]
    ).fetchone()
    if row is None:
        raise UnknownProductError(product_id)
    return StockOutOfBoundsError(
        change=change, stock=row["inventory_count"], reserved=row["reserved_count"], most=LARGEST_STOCK
    )


def read_adjustments(connection: Connection, product_id: UUID, *, limit: int = 20) -> list[StockAdjustment]:
    """The last corrections of a product, newest first."""
    rows = connection.execute(
        "SELECT * FROM stock_adjustments WHERE product_id = %s ORDER BY adjusted_at DESC, id LIMIT %s",
        [product_id, limit],
    )
    return [StockAdjustment.model_validate(row) for row in rows.fetchall()]
