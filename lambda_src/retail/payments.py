"""Taking money: a port, and the gateways this project has for it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from retail.errors import PaymentGatewayMissingError, PaymentUndecidedError
from retail.money import Money

GatewayName = Literal["simulator", "stripe", "none"]

# Public test tokens, like those of real gateways; what the simulator does with each. Every other one is declined.
APPROVED_TOKEN = "tok_visa"  # noqa: S105
DECLINED_TOKEN = "tok_declined"  # noqa: S105
INSUFFICIENT_FUNDS_TOKEN = "tok_insufficient_funds"  # noqa: S105
SLOW_TOKEN = "tok_slow"  # noqa: S105 no answer at first; whoever asks again later learns that it was approved
SILENT_TOKEN = "tok_silent"  # noqa: S105 never an answer

SLOW_FOR = timedelta(seconds=1)


@dataclass(frozen=True)
class PaymentOutcome:
    """What the gateway decided, final for this order."""

    status: Literal["CAPTURED", "DECLINED"]
    reference: str
    reason: str | None = None


class PaymentGateway(Protocol):
    """Whoever can charge a customer.

    Both methods raise PaymentUndecidedError where the outcome is not known: asking again is safe, and finds out.
    """

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        """Charge once for an order: asking again for the same order gives the same outcome and takes no money.

        `asked_since` says since when this order may have been asked for, by us or by somebody who crashed.
        """

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:
        """Give a captured charge back, once for an order, and return the refund's reference; asking again is safe."""


class PaymentSimulator:
    """Does what its token stands for; has no memory, since the outcome follows from the input and the time."""

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        """The outcome that the token stands for, with a reference that follows from the order id."""
        reference = f"sim_{uuid5(NAMESPACE_URL, f'{order_id}:{amount}').hex}"
        if token == SILENT_TOKEN or (token == SLOW_TOKEN and datetime.now(UTC) - asked_since < SLOW_FOR):
            raise PaymentUndecidedError(f"the gateway did not answer in time for order {order_id}")
        if token in (APPROVED_TOKEN, SLOW_TOKEN):
            return PaymentOutcome("CAPTURED", reference)
        reason = "insufficient funds." if token == INSUFFICIENT_FUNDS_TOKEN else "the bank gives no reason."
        return PaymentOutcome("DECLINED", reference, f"The card was declined: {reason}")

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:  # noqa: ARG002 the port's signature
        """A reference that follows from the order id."""
        return f"sim_re_{uuid5(NAMESPACE_URL, f'{order_id}:{amount}:refund').hex}"


class NoGateway:
    """Stands where no gateway is configured: nothing is charged, so nothing is given away."""

    def charge(
        self,
        *,
        order_id: UUID,
        amount: Money,  # noqa: ARG002 the port's signature
        token: str,  # noqa: ARG002
        asked_since: datetime,  # noqa: ARG002
    ) -> PaymentOutcome:
        """Raises PaymentGatewayMissingError, always."""
        raise PaymentGatewayMissingError(
            f"order {order_id} stays PENDING: this environment has no payment gateway, set PAYMENT_GATEWAY, then replay"
        )

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:  # noqa: ARG002 the port's signature
        """Raises PaymentGatewayMissingError, always."""
        raise PaymentGatewayMissingError(
            f"{amount} of order {order_id} are to go back: this environment has no payment gateway, "
            "set PAYMENT_GATEWAY, then replay"
        )


def gateway_named(name: GatewayName, *, secret_arn: str | None = None) -> PaymentGateway:
    """The gateway of an environment; Stripe's key is read from the secret at the first charge."""
    if name == "simulator":
        return PaymentSimulator()
    if name == "none":
        return NoGateway()
    if secret_arn is None:
        raise ValueError("the Stripe gateway needs the secret that holds its key: set PAYMENT_SECRET_ARN")
    from retail.payment_key import secret_key
    from retail.stripe_account import StripeAccount
    from retail.stripe_gateway import StripeGateway

    return StripeGateway(StripeAccount(lambda: secret_key(secret_arn)))
