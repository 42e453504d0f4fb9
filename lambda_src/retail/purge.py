"""Clearing away what is old, a little at a time, so that nobody waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from retail.database import Database

ROWS_AT_ONCE = 1000
BATCHES_AT_MOST = 50


@dataclass(frozen=True)
class Retention:
    """Rows of `table` go so many `days` after `since`; with `erased` they stay, and those columns become null.

    `since` and `where` are SQL of ours; an index on both keeps a look cheap that finds nothing.
    """

    table: str
    since: str
    days: int
    where: str = "true"
    erased: Sequence[str] = ()


def purge(database: Database, kept: Retention) -> int:
    """Clear away what is older, in short transactions, and return how many rows; what is left waits its turn."""
    table = sql.Identifier(kept.table)
    erasing = [sql.SQL("{} = NULL").format(sql.Identifier(column)) for column in kept.erased]
    verb = sql.SQL("UPDATE {} SET {}").format(table, sql.SQL(", ").join(erasing)) if erasing else None
    statement = sql.SQL(
        "{verb} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} "
        "WHERE {since} < now() - make_interval(days => %s) AND {where} LIMIT %s FOR UPDATE SKIP LOCKED))"
    ).format(
        verb=verb or sql.SQL("DELETE FROM {}").format(table),
        table=table,
        since=sql.SQL(kept.since),  # ours, as `where` is
        where=sql.SQL(kept.where),
    )
    cleared = 0
    for _ in range(BATCHES_AT_MOST):
        with database.transaction() as connection:
            batch = connection.execute(statement, [kept.days, ROWS_AT_ONCE]).rowcount
        cleared += batch
        if batch < ROWS_AT_ONCE:
            break
    return cleared
