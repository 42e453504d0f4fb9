"""Clearing away what is old, a little at a time, so that nobody waits for it."""

from psycopg import sql

from retail.database import Database

ROWS_AT_ONCE = 1000
BATCHES_AT_MOST = 50


def purge(database: Database, *, table: str, dated: str, older_than_days: int) -> int:
    """Delete the rows of `table` whose `dated` is older, in short transactions; what is left waits its turn."""
    statement = sql.SQL(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY("
        "SELECT ctid FROM {table} WHERE {dated} < now() - make_interval(days => %s) LIMIT %s FOR UPDATE SKIP LOCKED))"
    ).format(table=sql.Identifier(table), dated=sql.Identifier(dated))
    deleted = 0
    for _ in range(BATCHES_AT_MOST):
        with database.transaction() as connection:
            batch = connection.execute(statement, [older_than_days, ROWS_AT_ONCE]).rowcount
        deleted += batch
        if batch < ROWS_AT_ONCE:
            break
    return deleted
