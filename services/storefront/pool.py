"""The storefront's database: a pool of connections that survives a fail-over."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from retail.database import SECONDS_FOR_A_SIGN_OF_LIFE, Connection, Limits, PunctualConnection

LARGEST_POOL = 10  # twenty tasks, the most there may be, then hold 200 connections on each instance
SECONDS_KEPT_IDLE = 120.0
PATIENCE_SECONDS = 5.0
# A paused Aurora takes the connection at once and answers after about 15 s; CloudFront gives up on us after 30.
RESUME_SECONDS = 25.0
LIMITS = Limits(connect=int(RESUME_SECONDS), statement=10, idle_in_transaction=15)


class PooledDatabase:
    """Short transactions on pooled connections; each connection is checked before it is lent.

    The connection string is asked for at each opening; `refused` is told when one could not be opened.
    A database that resumes is waited for: as long as a connection is on its way. One that refuses is not.
    """

    def __init__(self, conninfo: Callable[[], str], refused: Callable[[], None]) -> None:
        self._on_their_way = 0
        self._lock = Lock()
        on_the_way = self._on_the_way

        class Reporting(PunctualConnection):
            patience = LIMITS.statement + 2.0  # the server should be the one that ends a statement

            @classmethod
            def connect(cls, *address: Any, **options: Any) -> Any:
                with on_the_way():
                    try:
                        return super().connect(*address, **options)
                    except psycopg.OperationalError:
                        refused()
                        raise

        self._pool: ConnectionPool[PunctualConnection] = ConnectionPool(
            conninfo,
            connection_class=Reporting,
            min_size=0,  # an open connection keeps Aurora from pausing
            max_size=LARGEST_POOL,
            max_idle=SECONDS_KEPT_IDLE,
            timeout=PATIENCE_SECONDS,
            reconnect_timeout=PATIENCE_SECONDS,  # then the next customer tries anew; the default waits double each time
            check=_check,
            kwargs={"autocommit": True, "row_factory": dict_row},
            open=True,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; raises psycopg_pool.PoolTimeout when no connection is to be had.

        That is after five seconds, or after twenty-five while the database has taken a connection and not answered yet.
        """
        with ExitStack() as lent:
            connection = self._lend(lent)
            try:
                with connection.transaction():
                    yield connection
            except psycopg.errors.ReadOnlySqlTransaction:
                connection.close()  # it leads to what was the writer before a fail-over
                raise

    def _lend(self, lent: ExitStack) -> Connection:
        until = time.monotonic() + RESUME_SECONDS
        while True:
            try:
                return lent.enter_context(self._pool.connection(timeout=PATIENCE_SECONDS))
            except PoolTimeout:
                if not self._on_their_way or time.monotonic() >= until:
                    raise

    @contextmanager
    def _on_the_way(self) -> Iterator[None]:
        with self._lock:
            self._on_their_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._on_their_way -= 1

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def _check(connection: PunctualConnection) -> None:
    """Raises psycopg.OperationalError when the server gives no sign of life: then another connection is opened."""
    with connection.within(SECONDS_FOR_A_SIGN_OF_LIFE):
        ConnectionPool.check_connection(connection)
