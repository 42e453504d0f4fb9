"""The storefront's database: a pool of connections that survives a fail-over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from retail.database import Connection

LARGEST_POOL = 10  # twenty tasks, the most there may be, then hold 200 connections on each instance
SECONDS_KEPT_IDLE = 120.0
PATIENCE_SECONDS = 5.0


class PooledDatabase:
    """Short transactions on pooled connections; each connection is checked before it is lent.

    The connection string is asked for at each opening; `refused` is told when one could not be opened.
    """

    def __init__(self, conninfo: Callable[[], str], refused: Callable[[], None]) -> None:
        class Reporting(psycopg.Connection[DictRow]):
            @classmethod
            def connect(cls, *address: Any, **options: Any) -> Any:
                try:
                    return super().connect(*address, **options)
                except psycopg.OperationalError:
                    refused()
                    raise

        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo,
            connection_class=Reporting,
            min_size=0,  # an open connection keeps Aurora from pausing
            max_size=LARGEST_POOL,
            max_idle=SECONDS_KEPT_IDLE,
            timeout=PATIENCE_SECONDS,
            check=ConnectionPool.check_connection,
            kwargs={"autocommit": True, "row_factory": dict_row},
            open=True,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; raises psycopg_pool.PoolTimeout when no connection is to be had within five seconds."""
        with self._pool.connection() as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
