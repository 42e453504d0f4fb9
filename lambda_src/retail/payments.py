"""Taking money: a port, and the gateways this project has for it."""

from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from retail.database import Connection
from retail.errors import PaymentGatewayMissingError, UnknownOrderError
from retail.money import Money

GatewayName = Literal["simulator", "none"]

APPROVED_TOKEN = "tok_visa"  # noqa: S105 a public test token, like those of real gateways
DECLINED_TOKEN = "tok_declined"  # noqa: S105


@dataclass(frozen=True)
class PaymentOutcome:
    """What the gateway decided, final for this order."""

    status: Literal["CAPTURED", "DECLINED"]
    reference: str
    reason: str | None = None


class PaymentGateway(Protocol):
    """Whoever can charge a customer."""

    def charge(self, *, order_id: UUID, amount: Money, token: str) -> PaymentOutcome:
        """Charge once for an order: asking again for the same order gives the same outcome and takes no money."""


class PaymentSimulator:
    """Approves its one good token and declines every other; has no memory, since the outcome follows from the input."""

    def charge(self, *, order_id: UUID, amount: Money, token: str) -> PaymentOutcome:
        """The outcome that the token stands for, with a reference that follows from the order id."""
        reference = f"sim_{uuid5(NAMESPACE_URL, f'{order_id}:{amount}').hex}"
        if token == APPROVED_TOKEN:
            return PaymentOutcome("CAPTURED", reference)
        return PaymentOutcome("DECLINED", reference, "The card was declined.")


class NoGateway:
    """Stands where no gateway is configured: nothing is charged, so nothing is given away."""

    def charge(self, *, order_id: UUID, amount: Money, token: str) -> PaymentOutcome:  # noqa: ARG002 the port's signature
        """Raises PaymentGatewayMissingError, always."""
        raise PaymentGatewayMissingError(
            f"order {order_id} stays PENDING: this environment has no payment gateway, set PAYMENT_GATEWAY, then replay"
        )


def gateway_named(name: GatewayName) -> PaymentGateway:
    """The gateway of an environment."""
    return PaymentSimulator() if name == "simulator" else NoGateway()


@dataclass(frozen=True)
class AmountDue:
    """What is to be charged for an order, and with which token; the token is gone once the charge is decided."""

    amount: Money
    token: str | None = field(repr=False)


def read_amount_due(connection: Connection, order_id: UUID) -> AmountDue:
    """What the order costs; raises UnknownOrderError."""
    row = connection.execute("SELECT total, currency, payment_token FROM orders WHERE id = %s", [order_id]).fetchone()
    if row is None:
        raise UnknownOrderError(order_id)
    return AmountDue(Money(amount=row["total"], currency=row["currency"]), row["payment_token"])


def record_payment(connection: Connection, order_id: UUID, due: AmountDue, outcome: PaymentOutcome) -> None:
    """Keep the outcome and erase the token."""
    connection.execute(
        "INSERT INTO payments (order_id, status, reference, amount, currency, reason) VALUES (%s, %s, %s, %s, %s, %s)",
        [order_id, outcome.status, outcome.reference, due.amount.amount, due.amount.currency, outcome.reason],
    )
    connection.execute("UPDATE orders SET payment_token = NULL WHERE id = %s", [order_id])
