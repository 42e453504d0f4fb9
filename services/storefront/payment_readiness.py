"""Whether money can be taken: a checkout that nobody can charge is refused before it is an order."""

import time
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from retail.errors import PaymentGatewayMissingError
from retail.observability import describe, logger
from retail.payment_key import secret_key

SECONDS_BETWEEN_LOOKS = 30.0


class PaymentReadiness:
    """Looks whether the gateway's secret holds a key; once it does, it is not asked again.

    While AWS cannot be asked the answer is no: it is better to sell later than to confirm what may not be charged.
    """

    def __init__(self, secret_arn: str) -> None:
        self._secret_arn = secret_arn
        self._filled = False
        self._next_look = 0.0
        self._lock = Lock()

    def is_ready(self) -> bool:
        """Whether somebody has put the gateway's key into the secret, as known for half a minute at most."""
        with self._lock:
            if not self._filled and time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
                self._look()
            return self._filled

    def _look(self) -> None:
        try:
            secret_key(self._secret_arn)
        except PaymentGatewayMissingError:
            logger.warning("the payment secret is empty: put the gateway's key there, until then nothing is sold")
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "the payment secret cannot be looked at, nothing is sold until it can", error=describe(error)
            )
        else:
            self._filled = True
