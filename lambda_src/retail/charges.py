"""What is to be charged for an order and what was, as the database keeps it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from retail import orders
from retail.database import Connection
from retail.errors import IllegalTransitionError
from retail.money import Money
from retail.orders import Transition
from retail.payments import PaymentOutcome


@dataclass(frozen=True)
class AmountDue:
    """What is to be charged for an order, with which token, and since when the gateway may have been asked for it.

    The token is gone once the charge is decided.
    """

    amount: Money
    token: str = field(repr=False)
    asked_since: datetime


@dataclass(frozen=True)
class Refundable:
    """What was charged for an order that is given up, and by which reference the gateway knows it."""

    amount: Money
    reference: str


def request_charge(connection: Connection, order_id: UUID) -> AmountDue | None:
    """Note that the gateway is about to be asked, and return for what; None for an order cancelled before.

    An order that is cancelled once the gateway may have been asked is asked for again, so that the outcome gets known:
    what was taken can then be given back. Raises UnknownOrderError, and IllegalTransitionError when all is decided.
    """
    status = orders.lock(connection, order_id)
    row = connection.execute(
        "UPDATE orders SET charge_requested_at = coalesce(charge_requested_at, now()) "
        "WHERE id = %s AND payment_token IS NOT NULL "
        "RETURNING total, currency, payment_token, charge_requested_at",
        [order_id],
    ).fetchone()
    if row is not None:
        amount = Money(amount=row["total"], currency=row["currency"])
        return AmountDue(amount, row["payment_token"], row["charge_requested_at"])
    if status in orders.GIVEN_UP and not _is_decided(connection, order_id):
        return None
    raise IllegalTransitionError(f"The charge of order {order_id} is decided already.")


def forget_token_unless_requested(connection: Connection, order_id: UUID) -> None:
    """Make sure that an order which is given up is not charged any more, if that is still in our hands."""
    connection.execute(
        "UPDATE orders SET payment_token = NULL WHERE id = %s AND charge_requested_at IS NULL", [order_id]
    )


def record_payment(connection: Connection, order_id: UUID, due: AmountDue, outcome: PaymentOutcome) -> None:
    """Keep the outcome and erase the token."""
    connection.execute(
        "INSERT INTO payments (order_id, status, reference, amount, currency, reason) VALUES (%s, %s, %s, %s, %s, %s)",
        [order_id, outcome.status, outcome.reference, due.amount.amount, due.amount.currency, outcome.reason],
    )
    connection.execute("UPDATE orders SET payment_token = NULL WHERE id = %s", [order_id])


def read_refundable(connection: Connection, order_id: UUID) -> Refundable | None:
    """What is to be given back for this order; None if it goes on, was never charged, or has its money back."""
    row = connection.execute(
        "SELECT payments.reference, payments.amount, payments.currency FROM payments "
        "JOIN orders ON orders.id = payments.order_id "
        "WHERE order_id = %s AND payments.status = 'CAPTURED' AND orders.status = ANY(%s)",
        [order_id, list(Transition.REFUND.starts)],
    ).fetchone()
    if row is None:
        return None
    return Refundable(Money(amount=row["amount"], currency=row["currency"]), row["reference"])


def record_refund(connection: Connection, order_id: UUID, refund_reference: str) -> bool:
    """Keep that the money went back; False when that is known already."""
    orders.lock(connection, order_id)
    refunded = connection.execute(
        "UPDATE payments SET status = 'REFUNDED', refund_reference = %s, refunded_at = now() "
        "WHERE order_id = %s AND status = 'CAPTURED'",
        [refund_reference, order_id],
    )
    return refunded.rowcount == 1


def _is_decided(connection: Connection, order_id: UUID) -> bool:
    return connection.execute("SELECT 1 FROM payments WHERE order_id = %s", [order_id]).fetchone() is not None
