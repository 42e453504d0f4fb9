"""Checkout: everything a confirmed order needs, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import reduce
from uuid import UUID, uuid4

from psycopg.errors import ForeignKeyViolation

from retail import orders, outbox, stock
from retail.catalog import Product
from retail.database import Connection, Database
from retail.delivery import DeliveryAddress
from retail.errors import EmptyCartError, TotalChangedError, TotalNotChargeableError
from retail.events import InventoryReserved, OrderLine, OrderPlaced, ReservedLine
from retail.idempotency import IdempotencyKey, claim
from retail.money import SHOP_CURRENCY, Money
from retail.orders import NewOrder, Order

TO_AN_ACCOUNT = "orders_customer_id_fkey"
# What Stripe charges in this currency; beyond it an order would wait for ever for a charge that cannot be.
SMALLEST_TOTAL = Money(amount=Decimal("0.50"), currency=SHOP_CURRENCY)
LARGEST_TOTAL = Money(amount=Decimal("999999.99"), currency=SHOP_CURRENCY)


@dataclass(frozen=True)
class Customer:
    """Who orders, with which token of the payment gateway, and where it goes."""

    session_key: str = field(repr=False)
    email: str = field(repr=False)
    payment_token: str = field(repr=False)
    delivery: DeliveryAddress = field(repr=False)
    customer_id: UUID | None = None
    visit_id: str | None = None


def require_chargeable(total: Money) -> None:
    """Raises TotalNotChargeableError for a total that no card can be charged with."""
    if not SMALLEST_TOTAL.amount <= total.amount <= LARGEST_TOTAL.amount:
        raise TotalNotChargeableError(total, least=SMALLEST_TOTAL, most=LARGEST_TOTAL)


def check_out(
    writer: Database,
    quantities: Mapping[UUID, int],
    customer: Customer,
    *,
    correlation_id: str,
    order_id: UUID | None = None,
    key: IdempotencyKey | None = None,
    agreed: Money | None = None,
) -> Order:
    """Place an order for these pieces and return it, PENDING; under a key that has an order already, that order.

    Order, items, stock reservation, both events and the key are written together or, when this raises EmptyCartError,
    UnknownProductError or InsufficientStockError, not at all. The prices are those of the moment of the reservation.
    Raises TotalChangedError when they come to another total than the one that was agreed, if one was,
    TotalNotChargeableError, and IdempotencyKeyReusedError and RequestInProgressError for a key that is in the way.
    Where the account was deleted meanwhile, the order is a guest's.
    """
    new_id = order_id or uuid4()
    try:
        return _check_out(writer, quantities, customer, correlation_id, new_id, key, agreed)
    except ForeignKeyViolation as error:
        if error.diag.constraint_name != TO_AN_ACCOUNT:
            raise
        guest = replace(customer, customer_id=None)
        return _check_out(writer, quantities, guest, correlation_id, new_id, key, agreed)


def _check_out(
    writer: Database,
    quantities: Mapping[UUID, int],
    customer: Customer,
    correlation_id: str,
    new_id: UUID,
    key: IdempotencyKey | None,
    agreed: Money | None,
) -> Order:
    with writer.transaction() as connection:
        decided_id = claim(connection, key, new_id) if key else new_id
        if decided_id == new_id:
            if not quantities:
                raise EmptyCartError
            products = stock.set_aside(connection, quantities)
            with connection.pipeline():  # all of it in one round trip
                _place(connection, new_id, products, quantities, customer, correlation_id, agreed)
        return orders.read_order(
            connection, decided_id, session_key=customer.session_key, customer_id=customer.customer_id
        )


def _place(
    connection: Connection,
    order_id: UUID,
    products: Sequence[Product],
    quantities: Mapping[UUID, int],
    customer: Customer,
    correlation_id: str,
    agreed: Money | None,
) -> None:
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
    if agreed is not None and agreed != total:
        raise TotalChangedError(agreed, total)
    require_chargeable(total)
    orders.place(
        connection,
        NewOrder(
            id=order_id,
            session_key=customer.session_key,
            email=customer.email,
            payment_token=customer.payment_token,
            delivery=customer.delivery,
            correlation_id=correlation_id,
            lines=lines,
            total=total,
            customer_id=customer.customer_id,
        ),
    )
    stock.record_reservations(connection, order_id, quantities)
    placed = OrderPlaced(
        order_id=order_id,
        lines=lines,
        total=total,
        customer_id=customer.customer_id,
        visit_id=customer.visit_id,
    )
    reserved = InventoryReserved(
        order_id=order_id,
        lines=tuple(ReservedLine(product_id=line.product_id, quantity=line.quantity) for line in lines),
    )
    for event in (placed, reserved):
        outbox.record(connection, event, source="retail.storefront", correlation_id=correlation_id)
