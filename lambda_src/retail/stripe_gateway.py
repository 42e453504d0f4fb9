"""Stripe behind the payment port, over its official library.

One PaymentIntent for an order, created and confirmed in one request under a key that follows from the order id. Stripe
keeps what it answered under a key for 24 hours, also an error of its own; past that, and after such an error, the order
is looked up before anything is asked again. So an order is never charged twice, however late or often it is asked for.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import stripe

from retail.errors import PaymentUndecidedError
from retail.money import Money
from retail.payments import PaymentOutcome
from retail.stripe_account import RefusedByGatewayError, StripeAccount

if TYPE_CHECKING:
    from stripe import PaymentIntent
    from stripe.params import PaymentIntentCreateParams

KEY_KEPT = timedelta(hours=23)  # an hour less than Stripe promises
ZERO_DECIMAL = {
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
}


class StripeGateway:
    """Charges cards and gives their money back; the key is asked for anew when Stripe refuses the one it has."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        """As the port says. A card that wants its owner's confirmation is declined: nobody is there to give it.

        The token is a PaymentMethod's id, after its Customer's and a slash where it belongs to one.
        """
        customer, _, payment_method = token.rpartition("/")
        if datetime.now(UTC) - asked_since > KEY_KEPT and (found := self._find(order_id)):
            return found
        asked: PaymentIntentCreateParams = {
            "amount": _minor_units(amount),
            "currency": amount.currency.lower(),
            "payment_method": payment_method,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "confirm": True,
            "off_session": True,
            "error_on_requires_action": True,
            "metadata": {"order_id": str(order_id)},
        }
        if customer:
            asked["customer"] = customer
        try:
            intent = self._account.client().v1.payment_intents.create(asked, {"idempotency_key": f"charge-{order_id}"})
        except stripe.CardError as declined:
            return PaymentOutcome("DECLINED", _reference(declined, order_id), _reason(declined))
        except stripe.InvalidRequestError as refused:
            if refused.param == "payment_method":
                return PaymentOutcome("DECLINED", f"none_{order_id}", "The card could not be used.")
            raise self._account.translated(refused) from None
        except stripe.StripeError as error:
            if _is_stripes_own(error) and (found := self._find(order_id)):
                return found
            raise self._account.translated(error) from None
        return _outcome(intent)

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:
        """As the port says; a charge that Stripe says is refunded already is looked up."""
        try:
            refund = self._account.client().v1.refunds.create(
                {
                    "payment_intent": reference,
                    "amount": _minor_units(amount),
                    "metadata": {"order_id": str(order_id)},
                },
                {"idempotency_key": f"refund-{order_id}"},
            )
        except stripe.StripeError as error:
            if error.code == "charge_already_refunded" or _is_stripes_own(error):
                found = self._account.call(
                    lambda client: client.v1.refunds.list({"payment_intent": reference, "limit": 1})
                )
                if found.data and found.data[0].status not in ("failed", "canceled"):
                    return found.data[0].id
            raise self._account.translated(error) from None
        if refund.status in ("failed", "canceled"):
            raise RefusedByGatewayError(f"refund {refund.id} of order {order_id} is {refund.status}: send it by hand")
        return refund.id

    def _find(self, order_id: UUID) -> PaymentOutcome | None:
        query = f"metadata['order_id']:'{order_id}'"
        found = self._account.call(lambda client: client.v1.payment_intents.search({"query": query, "limit": 10})).data
        decided = sorted(found, key=lambda intent: intent.status != "succeeded")
        return _outcome(decided[0]) if decided else None


def _is_stripes_own(error: stripe.StripeError) -> bool:
    return isinstance(error, stripe.APIError) and (error.http_status or 0) >= 500


def _outcome(intent: "PaymentIntent") -> PaymentOutcome:
    if intent.status == "succeeded":
        return PaymentOutcome("CAPTURED", intent.id)
    if intent.status in ("requires_payment_method", "requires_action", "canceled"):
        return PaymentOutcome("DECLINED", intent.id, "The card was declined.")
    raise PaymentUndecidedError(f"{intent.id} is {intent.status}: ask again")


def _reference(error: stripe.CardError, order_id: UUID) -> str:
    intent = getattr(error.error, "payment_intent", None)
    return intent.id if intent is not None else f"none_{order_id}"


def _reason(error: stripe.CardError) -> str:
    """What the customer may read: Stripe writes these messages for them."""
    if error.code == "authentication_required":
        return "The card was declined: the bank asks for a confirmation that this shop cannot pass on."
    return error.user_message or "The card was declined."


def _minor_units(amount: Money) -> int:
    factor = 1 if amount.currency in ZERO_DECIMAL else 100
    units = amount.amount * factor
    if units != units.to_integral_value():
        raise RefusedByGatewayError(f"{amount} is no whole number of the smallest unit of {amount.currency}")
    return int(Decimal(units))
