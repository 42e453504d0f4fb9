"""PostgreSQL over psycopg 3: how to reach it, and short transactions on it."""

import json
import os
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row

from retail import clients
from retail.observability import describe, logger

Connection = psycopg.Connection[DictRow]

# The root certificates of all regions that have not expired, as Amazon publishes them.
RDS_AUTHORITIES = Path(__file__).parent / "certificates" / "amazon_rds.pem"

# Aurora that paused at 0 ACU needs about 15 s to resume, 30 s after a day.
CONNECT_TIMEOUT_SECONDS = 40

# A connection that rested longer is tried before it is used: the function may have been frozen in between.
TRUSTED_SECONDS = 5.0


@dataclass(frozen=True)
class ConnectionSettings:
    """Where the database is and as whom to enter it.

    The server must prove to be that host, by a certificate of Amazon's RDS authorities, or of those in the file that
    libpq's own variable PGSSLROOTCERT names; `sslmode="disable"` is for tests.
    """

    host: str
    port: int
    name: str
    username: str
    password: str = field(repr=False)
    sslmode: str = "verify-full"

    @property
    def conninfo(self) -> str:
        """The libpq connection string."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            dbname=self.name,
            user=self.username,
            password=self.password,
            sslmode=self.sslmode,
            sslrootcert=os.environ.get("PGSSLROOTCERT", str(RDS_AUTHORITIES)),
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name="retail",
        )


class Database(Protocol):
    """A source of short transactions."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """A connection inside a new transaction: committed at the end of the block, rolled back by an exception."""


class SingleConnection:
    """The database of a function: one connection, opened at first use, replaced when it is found broken.

    A function serves one batch at a time, so one connection is all it can use. The connection string is
    asked for at each opening, so that rotated credentials are taken up.
    """

    def __init__(self, conninfo: Callable[[], str]) -> None:
        self._conninfo = conninfo
        self._connection: Connection | None = None
        self._last_used = 0.0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; a connection that was lost while idle is replaced first, one lost inside by the next call."""
        connection = self._ready()
        try:
            with connection.transaction():
                yield connection
            self._last_used = time.time()
        except psycopg.OperationalError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ready(self) -> Connection:
        if self._connection is not None and time.time() - self._last_used > TRUSTED_SECONDS:
            self._probe(self._connection)
        if self._connection is None:
            self._connection = psycopg.connect(self._conninfo(), autocommit=True, row_factory=dict_row)
        return self._connection

    def _probe(self, connection: Connection) -> None:
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            logger.info("an idle connection was lost, a new one is opened", error=describe(error))
            self.close()


def read_credentials(secret_arn: str) -> tuple[str, str]:
    """User name and password out of the database secret; raises ValueError when the secret does not hold them."""
    secret: dict[str, Any] = json.loads(clients.secrets_manager().get_secret_value(SecretId=secret_arn)["SecretString"])
    try:
        return secret["username"], secret["password"]
    except KeyError as missing:
        raise ValueError(f"the secret {secret_arn} has no {missing}: store username and password in it") from None
