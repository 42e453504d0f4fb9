"""Whether money can be taken: a checkout that nobody can charge is refused before it is an order."""

import time
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from retail import clients
from retail.observability import describe, logger

SECONDS_BETWEEN_LOOKS = 30.0


class PaymentReadiness:
    """Looks whether the gateway's secret has a value, without ever reading it; once it has one, it is not asked again.

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
            versions = (
                clients.secrets_manager().describe_secret(SecretId=self._secret_arn).get("VersionIdsToStages", {})
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "the payment secret cannot be looked at, nothing is sold until it can", error=describe(error)
            )
            return
        self._filled = any("AWSCURRENT" in stages for stages in versions.values())
        if not self._filled:
            logger.warning("the payment secret is empty: put the gateway's key there, until then nothing is sold")
