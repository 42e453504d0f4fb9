"""Stripe behind the payment port, over its official library.

One PaymentIntent for an order, created and confirmed in one request under a key that follows from the order id. Stripe
keeps what it answered under a key for 24 hours, also an error of its own; past that, and after such an error, the order
is looked up before anything is asked again. So an order is never charged twice, however late or often it is asked for.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import stripe

from retail import clients
from retail.errors import PaymentGatewayMissingError, PaymentUndecidedError, PermanentError
from retail.money import Money
from retail.payments import PaymentOutcome

if TYPE_CHECKING:
    from stripe import PaymentIntent

Answer = TypeVar("Answer")
_PUT_IT_THERE = """put {"api_key": "sk_…"} there, then replay"""
SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 3.0, 8.0  # ten of them fit into an invocation of the order processor
KEY_KEPT = timedelta(hours=23)  # an hour less than Stripe promises
ZERO_DECIMAL = {
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
}


class RefusedByGatewayError(PermanentError):
    """Stripe does not understand the request, and will not the next time either."""


def secret_key(secret_arn: str) -> str:
    """The API key out of the secret; raises PaymentGatewayMissingError until somebody has put it there."""
    secrets = clients.secrets_manager()
    try:
        content = json.loads(secrets.get_secret_value(SecretId=secret_arn)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        raise PaymentGatewayMissingError(f"{secret_arn} is empty: {_PUT_IT_THERE}") from None
    except ValueError:
        raise PaymentGatewayMissingError(f"{secret_arn} holds no JSON: {_PUT_IT_THERE}") from None
    key = content.get("api_key") if isinstance(content, dict) else None
    if not isinstance(key, str) or not key:
        raise PaymentGatewayMissingError(f"{secret_arn} holds no api_key: {_PUT_IT_THERE}")
    return key


class StripeGateway:
    """Charges cards and gives their money back; the key is asked for anew when Stripe refuses the one it has."""

    def __init__(self, key: Callable[[], str], *, base_address: str | None = None) -> None:
        self._key = key
        self._base_address = base_address
        self._client: stripe.StripeClient | None = None

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        """As the port says. A card that wants its owner's confirmation is declined: nobody is there to give it."""
        if datetime.now(UTC) - asked_since > KEY_KEPT and (found := self._find(order_id)):
            return found
        try:
            intent = self._stripe().v1.payment_intents.create(
                {
                    "amount": _minor_units(amount),
                    "currency": amount.currency.lower(),
                    "payment_method": token,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "confirm": True,
                    "off_session": True,
                    "error_on_requires_action": True,
                    "metadata": {"order_id": str(order_id)},
                },
                {"idempotency_key": f"charge-{order_id}"},
            )
        except stripe.CardError as declined:
            return PaymentOutcome("DECLINED", _reference(declined, order_id), _reason(declined))
        except stripe.InvalidRequestError as refused:
            if refused.param == "payment_method":
                return PaymentOutcome("DECLINED", f"none_{order_id}", "The card could not be used.")
            raise self._translated(refused) from None
        except stripe.StripeError as error:
            if _is_stripes_own(error) and (found := self._find(order_id)):
                return found
            raise self._translated(error) from None
        return _outcome(intent)

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:
        """As the port says; a charge that Stripe says is refunded already is looked up."""
        try:
            refund = self._stripe().v1.refunds.create(
                {
                    "payment_intent": reference,
                    "amount": _minor_units(amount),
                    "metadata": {"order_id": str(order_id)},
                },
                {"idempotency_key": f"refund-{order_id}"},
            )
        except stripe.StripeError as error:
            if error.code == "charge_already_refunded" or _is_stripes_own(error):
                found = self._call(lambda: self._stripe().v1.refunds.list({"payment_intent": reference, "limit": 1}))
                if found.data and found.data[0].status not in ("failed", "canceled"):
                    return found.data[0].id
            raise self._translated(error) from None
        if refund.status in ("failed", "canceled"):
            raise RefusedByGatewayError(f"refund {refund.id} of order {order_id} is {refund.status}: send it by hand")
        return refund.id

    def _find(self, order_id: UUID) -> PaymentOutcome | None:
        query = f"metadata['order_id']:'{order_id}'"
        found = self._call(lambda: self._stripe().v1.payment_intents.search({"query": query, "limit": 10})).data
        decided = sorted(found, key=lambda intent: intent.status != "succeeded")
        return _outcome(decided[0]) if decided else None

    def _call(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except stripe.StripeError as error:
            raise self._translated(error) from None

    def _stripe(self) -> stripe.StripeClient:
        if self._client is None:
            self._client = stripe.StripeClient(
                self._key(),
                max_network_retries=0,  # the queue asks again
                http_client=stripe.RequestsClient(timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)),
                base_addresses={"api": self._base_address} if self._base_address else {},
            )
        return self._client

    def _translated(self, error: stripe.StripeError) -> PaymentUndecidedError | RefusedByGatewayError:
        """As an error of ours, which quotes Stripe's code and request, and nothing of the customer."""
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            self._client = None  # the key may have been rolled: read it again
        what = f"Stripe answered {type(error).__name__} ({error.http_status}, {error.code}, request {error.request_id})"
        if isinstance(error, stripe.InvalidRequestError | stripe.IdempotencyError):
            return RefusedByGatewayError(what)
        return PaymentUndecidedError(what)


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
