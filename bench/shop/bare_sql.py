"""The bare SQL of a piece of work: its statements and their values, recorded once, run again with nothing around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from retail.database import Connection

Statement = tuple[Any, Any]
Transaction = list[Statement]


@dataclass
class Recorder:
    """A database that keeps what is asked of it, transaction by transaction."""

    conninfo: str
    transactions: list[Transaction] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, recorded once it is committed."""
        statements: Transaction = []

        class RecordingCursor(psycopg.Cursor[DictRow]):
            def execute(self, query: Any, params: Any = None, **options: Any) -> RecordingCursor:
                statements.append((query, params))
                super().execute(query, params, **options)
                return self

        with psycopg.connect(
            self.conninfo, autocommit=True, row_factory=dict_row, cursor_factory=RecordingCursor
        ) as connection:
            with connection.transaction():
                yield connection
            self.transactions.append(statements)


def run_again(connection: Connection, transactions: Sequence[Transaction]) -> None:
    """The same statements in the same transactions over one connection; every row is fetched."""
    for statements in transactions:
        with connection.transaction():
            for query, values in statements:
                cursor = connection.execute(query, values)
                if cursor.description:
                    cursor.fetchall()
