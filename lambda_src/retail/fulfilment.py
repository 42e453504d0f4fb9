"""What people do with an order: send it, give it up, take it back."""

from uuid import UUID

from retail import charges, orders, outbox, stock
from retail.database import Connection, Database
from retail.events import InventoryReleased, OrderCancelled, OrderReturned, OrderShipped, Payload, Source
from retail.orders import Transition

SOURCE: Source = "retail.orders"


def ship(writer: Database, order_id: UUID, *, tracking_code: str | None = None, correlation_id: str) -> None:
    """The order leaves the house: SHIPPED, and announced, in one transaction.

    This and the others raise UnknownOrderError, and IllegalTransitionError where the order does not stand as it has to.
    """
    with writer.transaction() as connection:
        orders.advance(connection, order_id, Transition.SHIP)
        connection.execute("UPDATE orders SET tracking_code = %s WHERE id = %s", [tracking_code, order_id])
        _announce(connection, OrderShipped(order_id=order_id, tracking_code=tracking_code), correlation_id)


def cancel(writer: Database, order_id: UUID, *, reason: str, correlation_id: str) -> None:
    """The order is given up before it leaves: CANCELLED, its stock free again, announced, in one transaction.

    Money that was taken, or is being taken, goes back: whoever handles the event asks the gateway for it.
    """
    with writer.transaction() as connection:
        orders.advance(connection, order_id, Transition.CANCEL, note=reason)
        charges.forget_token_unless_requested(connection, order_id)
        release_stock(connection, order_id, correlation_id)
        _announce(connection, OrderCancelled(order_id=order_id, reason=reason), correlation_id)


def take_back(writer: Database, order_id: UUID, *, reason: str, correlation_id: str) -> None:
    """The order came back: RETURNED, its pieces in stock again, announced, in one transaction; the money follows."""
    with writer.transaction() as connection:
        orders.advance(connection, order_id, Transition.RETURN, note=reason)
        release_stock(connection, order_id, correlation_id)
        _announce(connection, OrderReturned(order_id=order_id, reason=reason), correlation_id)


def release_stock(connection: Connection, order_id: UUID, correlation_id: str) -> None:
    """Give the pieces of an order back and say so; without effect when they are free already."""
    if released := stock.release(connection, order_id):
        _announce(connection, InventoryReleased(order_id=order_id, lines=released), correlation_id)


def _announce(connection: Connection, payload: Payload, correlation_id: str) -> None:
    outbox.record(connection, payload, source=SOURCE, correlation_id=correlation_id)
