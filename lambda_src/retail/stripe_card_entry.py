"""Card entry on Stripe's hosted page: a Checkout Session in setup mode.

Stripe asks the bank for its confirmation there, while the customer is at hand, so that the charge that follows without
them seldom needs one. It makes a Customer of its own for each card, for a card is charged later only with its Customer.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import stripe
from botocore.exceptions import BotoCoreError, ClientError

from retail.card_entry import EnteredCard
from retail.errors import CardEntryUnavailableError, PaymentGatewayMissingError, PaymentUndecidedError
from retail.money import Money
from retail.observability import describe, logger
from retail.stripe_account import RefusedByGatewayError, StripeAccount

if TYPE_CHECKING:
    from stripe.checkout import Session

Answer = TypeVar("Answer")
# The order's idempotency key is kept for 24 hours: an entry that is younger than that has ordered once at most.
USABLE = timedelta(hours=12)
_UNAVAILABLE = (
    *(PaymentUndecidedError, RefusedByGatewayError, PaymentGatewayMissingError),
    *(BotoCoreError, ClientError),  # the key cannot be read
)


class StripeCardEntry:
    """Opens Stripe's pages, and looks at what came of them; `store` is the shop's public address, without a path."""

    def __init__(self, account: StripeAccount, store: str) -> None:
        self._account = account
        self._store = store.rstrip("/")

    def begin(self, *, reference: str, email: str, total: Money, key: str) -> str:
        """As the port says."""
        digest = hashlib.sha256(repr((reference, email, str(total), key)).encode()).hexdigest()
        begun = self._call(
            lambda client: client.v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "allowed_payment_method_types": ["card"],
                    "customer_creation": "always",
                    "customer_email": email,
                    "client_reference_id": reference,
                    "metadata": {"total": str(total.amount), "currency": total.currency},
                    "success_url": f"{self._store}/checkout/paid?card={{CHECKOUT_SESSION_ID}}",
                    "cancel_url": f"{self._store}/checkout",
                },
                {"idempotency_key": f"card-{digest}"},
            )
        )
        if begun.url is None or not begun.url.startswith("https://"):
            logger.error("the card entry has no address to send a customer to", status=begun.status)
            raise CardEntryUnavailableError
        return begun.url

    def entered(self, entry: str, *, reference: str) -> EnteredCard | None:
        """As the port says."""
        found = self._call(lambda client: _retrieve(client, entry))
        if found is None or found.client_reference_id != reference or found.status != "complete":
            return None
        if datetime.now(UTC) - datetime.fromtimestamp(found.created, UTC) > USABLE:
            return None
        return _card(found)

    def _call(self, call: Callable[[stripe.StripeClient], Answer]) -> Answer:
        try:
            return self._account.call(call)
        except _UNAVAILABLE as error:
            logger.error("no card can be entered", error=describe(error))
            raise CardEntryUnavailableError from None


def _retrieve(client: stripe.StripeClient, entry: str) -> "Session | None":
    try:
        return client.v1.checkout.sessions.retrieve(entry, {"expand": ["setup_intent"]})
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            return None
        raise


def _card(entry: "Session") -> EnteredCard | None:
    setup, metadata = entry.setup_intent, entry.metadata
    if not isinstance(setup, stripe.SetupIntent) or setup.status != "succeeded" or metadata is None:
        return None
    if not (entry.customer and setup.payment_method and entry.customer_email):
        return None
    return EnteredCard(
        token=f"{_id(entry.customer)}/{_id(setup.payment_method)}",
        email=entry.customer_email,
        total=Money.model_validate({"amount": metadata["total"], "currency": metadata["currency"]}),
    )


def _id(thing: "str | stripe.Customer | stripe.PaymentMethod") -> str:
    return thing if isinstance(thing, str) else thing.id
