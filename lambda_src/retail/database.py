"""PostgreSQL over psycopg 3: how to reach it, and short transactions on it."""

import json
import os
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.errors import IdleInTransactionSessionTimeout, ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row

from retail import clients
from retail.observability import describe, logger

Connection = psycopg.Connection[DictRow]
Answer = TypeVar("Answer")

# The connection is of no more use, through no fault of who used it. PostgreSQL counts the last two as our mistakes:
# one is said by a server that was the writer until a fail-over, the other after we stood still for too long.
UNUSABLE = (psycopg.OperationalError, ReadOnlySqlTransaction, IdleInTransactionSessionTimeout)

# The root certificates of all regions that have not expired, as Amazon publishes them.
RDS_AUTHORITIES = Path(__file__).parent / "certificates" / "amazon_rds.pem"

# A host that is gone without a word is found out within these: what was sent stays unacknowledged, or nothing comes
# any more and two questions remain unanswered. The defaults of the kernel are a quarter of an hour and two hours.
SOCKET_LIMITS: dict[str, Any] = {
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}

# A connection that rested longer is tried before it is used: the function may have been frozen in between.
TRUSTED_SECONDS = 5.0
SECONDS_FOR_A_SIGN_OF_LIFE = 2.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many seconds whoever works on the database waits at most; the server ends what takes longer."""

    connect: int
    statement: int
    idle_in_transaction: int  # so that nobody holds locks who was killed, or frozen, within a transaction

    @property
    def options(self) -> str:
        """What the server is told at the start of a session."""
        milliseconds = {
            "statement_timeout": self.statement * 1000,
            "idle_in_transaction_session_timeout": self.idle_in_transaction * 1000,
        }
        return " ".join(f"-c {name}={value}" for name, value in milliseconds.items())


# Aurora that paused at 0 ACU needs about 15 s to resume, 30 s after a day; a function has a minute.
FUNCTION_LIMITS = Limits(connect=40, statement=30, idle_in_transaction=60)


@dataclass(frozen=True)
class ConnectionSettings:
    """Where the database is and as whom to enter it.

    The server must prove to be that host, by a certificate of Amazon's RDS authorities, or of those in the file that
    libpq's own variable PGSSLROOTCERT names; `sslmode="disable"` is for tests. A session that `writes` is opened on a
    server that takes writes: after a fail-over the writer's name may lead to the old one for some seconds. With a
    `role` of retail.roles it may do only what that may; without one what the user may.
    """

    host: str
    port: int
    name: str
    username: str
    password: str = field(repr=False)
    sslmode: str = "verify-full"
    writes: bool = True
    role: str | None = None
    limits: Limits = FUNCTION_LIMITS

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
            connect_timeout=self.limits.connect,
            target_session_attrs="read-write" if self.writes else "any",
            options=" ".join([self.limits.options, *([f"-c role={self.role}"] if self.role else [])]),
            application_name="retail",
            **SOCKET_LIMITS,
        )


class PunctualConnection(psycopg.Connection[DictRow]):
    """Waits `patience` seconds for an answer, then gives the server up and is closed.

    The server ends a long statement by itself; a server that hangs ends nothing, and its host goes on acknowledging.
    """

    patience = FUNCTION_LIMITS.statement + 5.0

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Less patience for the length of a block."""
        usual, self.patience = self.patience, seconds
        try:
            yield
        finally:
            self.patience = usual

    def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
        """Wait for the answer that `gen` reads; raises psycopg.OperationalError when none comes."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError(
                f"no answer within {self.patience:.0f} s, the connection is closed"
            ) from None


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
        self._connection: PunctualConnection | None = None
        self._last_used = 0.0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; a connection that was lost while idle is replaced first, one lost inside by the next call."""
        connection = self._ready()
        try:
            with connection.transaction():
                yield connection
            self._last_used = time.time()
        except UNUSABLE:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ready(self) -> PunctualConnection:
        if self._connection is not None and time.time() - self._last_used > TRUSTED_SECONDS:
            self._probe(self._connection)
        if self._connection is None:
            self._connection = PunctualConnection.connect(self._conninfo(), autocommit=True, row_factory=dict_row)
        return self._connection

    def _probe(self, connection: PunctualConnection) -> None:
        try:
            with connection.within(SECONDS_FOR_A_SIGN_OF_LIFE):
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
