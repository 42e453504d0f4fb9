"""Checkout: everything a confirmed order needs, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from uuid import UUID, uuid4

from retail import orders, outbox, stock
from retail.database import Database
from retail.errors import EmptyCartError
from retail.events import InventoryReserved, OrderLine, OrderPlaced, ReservedLine
from retail.money import Money
from retail.orders import NewOrder, Order


@dataclass(frozen=True)
class Customer:
    """Who orders, and with which token of the payment gateway."""

    session_key: str = field(repr=False)
    email: str = field(repr=False)
    payment_token: str = field(repr=False)
    customer_id: UUID | None = None
    visit_id: str | None = None


def check_out(writer: Database, quantities: Mapping[UUID, int], customer: Customer, *, correlation_id: str) -> Order:
    """Place an order for these pieces and return it, PENDING.

    Order, items, stock reservation and both events are written together or, when this raises EmptyCartError,
    UnknownProductError or InsufficientStockError, not at all. The prices are those of the moment of the reservation.
    """
    if not quantities:
        raise EmptyCartError
    order_id = uuid4()
    with writer.transaction() as connection:
        products = stock.set_aside(connection, quantities)
        lines = tuple(
            OrderLine(
                product_id=product.id,
                sku=product.sku,
                name=product.name,
                quantity=quantities[product.id],
                unit_price=product.price,
            )
            for product in products
        )
        total = reduce(Money.plus, (line.unit_price.times(line.quantity) for line in lines))
        orders.place(
            connection,
            NewOrder(
                id=order_id,
                session_key=customer.session_key,
                email=customer.email,
                payment_token=customer.payment_token,
                correlation_id=correlation_id,
                lines=lines,
                total=total,
                customer_id=customer.customer_id,
            ),
        )
        stock.record_reservations(connection, order_id, quantities)
        reserved = tuple(ReservedLine(product_id=line.product_id, quantity=line.quantity) for line in lines)
        for event in (
            OrderPlaced(
                order_id=order_id,
                lines=lines,
                total=total,
                customer_id=customer.customer_id,
                visit_id=customer.visit_id,
            ),
            InventoryReserved(order_id=order_id, lines=reserved),
        ):
            outbox.record(connection, event, source="retail.storefront", correlation_id=correlation_id)
        return orders.read_order(
            connection, order_id, session_key=customer.session_key, customer_id=customer.customer_id
        )
