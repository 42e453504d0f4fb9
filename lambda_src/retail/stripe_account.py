"""The project's account at Stripe: its key, its time limits, and Stripe's errors in words of ours."""

from collections.abc import Callable
from typing import TypeVar

import stripe

from retail.errors import PaymentUndecidedError, PermanentError

Answer = TypeVar("Answer")
SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 3.0, 8.0  # ten of them fit into an invocation of the order processor


class RefusedByGatewayError(PermanentError):
    """Stripe does not understand the request, and will not the next time either."""


class StripeAccount:
    """Speaks to Stripe; the key is asked for at first use, and anew after Stripe has refused the one it had."""

    def __init__(self, key: Callable[[], str], *, base_address: str | None = None) -> None:
        self._key = key
        self._base_address = base_address
        self._client: stripe.StripeClient | None = None

    def client(self) -> stripe.StripeClient:
        """The official library with this account's key; raises PaymentGatewayMissingError while there is none."""
        client = self._client
        if client is None:
            client = self._client = stripe.StripeClient(
                self._key(),
                max_network_retries=0,  # whoever asks decides whether to ask again
                http_client=stripe.RequestsClient(timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)),
                base_addresses={"api": self._base_address} if self._base_address else {},
            )
        return client

    def call(self, call: Callable[[stripe.StripeClient], Answer]) -> Answer:
        """The answer to a call that may be made twice; raises PaymentUndecidedError and RefusedByGatewayError.

        A refused key is read anew and the call made once more: it may have been rolled.
        """
        try:
            return call(self.client())
        except (stripe.AuthenticationError, stripe.PermissionError) as refused:
            self.translated(refused)
        except stripe.StripeError as error:
            raise self.translated(error) from None
        try:
            return call(self.client())
        except stripe.StripeError as error:
            raise self.translated(error) from None

    def translated(self, error: stripe.StripeError) -> PaymentUndecidedError | RefusedByGatewayError:
        """As an error of ours, which quotes Stripe's code and request, and nothing of the customer."""
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            self._client = None  # the key may have been rolled: read it again
        what = f"Stripe answered {type(error).__name__} ({error.http_status}, {error.code}, request {error.request_id})"
        if isinstance(error, stripe.InvalidRequestError | stripe.IdempotencyError):
            return RefusedByGatewayError(what)
        return PaymentUndecidedError(what)
