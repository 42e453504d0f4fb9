"""Applied once: which consumer has handled which event."""

from uuid import UUID

from retail.database import Connection


def handle_once(connection: Connection, *, consumer: str, event_id: UUID) -> bool:
    """True for the first caller, False for every later one; part of the caller's transaction.

    A second caller waits until the first has committed or rolled back, so the effect happens exactly once.
    """
    inserted = connection.execute(
        "INSERT INTO handled_events (consumer, event_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [consumer, event_id],
    )
    return inserted.rowcount == 1


def is_handled(connection: Connection, *, consumer: str, event_id: UUID) -> bool:
    """Whether the effect of this event is committed; saves work outside transactions, but guards nothing alone."""
    row = connection.execute(
        "SELECT 1 FROM handled_events WHERE consumer = %s AND event_id = %s", [consumer, event_id]
    ).fetchone()
    return row is not None
