"""User name and password of the database, which change once a month while tasks run."""

import time
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from retail.database import read_credentials
from retail.observability import describe, logger

SECONDS_BETWEEN_READS = 2.0


class DatabaseCredentials:
    """What ECS injected at start, and after the database refused a connection what the secret holds by then.

    The secret is read at most every two seconds. While it cannot be read the last known credentials stay.
    """

    def __init__(self, secret_arn: str, username: str, password: str) -> None:
        self._secret_arn = secret_arn
        self._known = (username, password)
        self._doubted = False
        self._next_read = 0.0
        self._lock = Lock()

    def read(self) -> tuple[str, str]:
        """User name and password to try now."""
        with self._lock:
            if self._doubted and time.monotonic() >= self._next_read:
                self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
                self._read_anew()
            return self._known

    def doubt(self) -> None:
        """The database did not let them in: look into the secret before the next try."""
        self._doubted = True

    def _read_anew(self) -> None:
        try:
            self._known = read_credentials(self._secret_arn)
        except (BotoCoreError, ClientError, ValueError) as error:
            logger.warning("the database secret cannot be read, the last known stays", error=describe(error))
        else:
            self._doubted = False
