"""The transactional outbox: an event is written with its cause, and published after the commit.

At least once: an event leaves the table's pending rows only after the bus has accepted it.
"""

from uuid import UUID

from psycopg.types.json import Jsonb

from retail.bus import BusEntry, EventBus
from retail.database import Connection, Database
from retail.events import Envelope, Payload, Source
from retail.observability import count, logger
from retail.tracing import trace_header

BATCH = 10  # entries that PutEvents takes at most
CLAIM_SECONDS = 60  # longer than any PutEvents call, three times 13 s with pauses: a crashed publisher's rows come back
RETRY_SECONDS = 2


def record(connection: Connection, payload: Payload, *, source: Source, correlation_id: str) -> UUID:
    """Write an event into the outbox, in the caller's transaction; returns its event id."""
    envelope = Envelope.around(payload, correlation_id=correlation_id)
    connection.execute(
        "INSERT INTO outbox (event_id, source, detail_type, detail, trace_header) VALUES (%s, %s, %s, %s, %s)",
        [envelope.event_id, source, payload.detail_type, Jsonb(envelope.as_json()), trace_header()],
    )
    return envelope.event_id


def publish_pending(database: Database, bus: EventBus) -> int:
    """Publish what is pending, oldest first, and return how many the bus accepted.

    Rows are claimed in one short transaction and settled in another, so no transaction is open while
    the bus is called and several publishers never take the same row. What the bus refuses stays and is
    tried again; a failing call to the bus is raised after its rows have been given back.
    """
    published = 0
    while entries := _claim(database):
        try:
            refusals = bus.put(entries)
        except Exception as error:
            _settle(database, entries, {entry.event_id: type(error).__name__ for entry in entries})
            raise
        _settle(database, entries, refusals)
        published += len(entries) - len(refusals)
        if refusals:
            logger.warning("the bus refused events, they stay in the outbox", refusals=sorted(set(refusals.values())))
            count("OutboxRefusals", len(refusals))
            break
    return published


def seconds_waiting(database: Database) -> float:
    """For how long the oldest unpublished event has waited; 0 when none does."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS age "
            "FROM outbox WHERE published_at IS NULL"
        ).fetchone()
    return float(row["age"]) if row else 0.0


def _claim(database: Database) -> list[BusEntry]:
    with database.transaction() as connection:
        rows = connection.execute(
            """
            WITH pending AS (
                SELECT id FROM outbox
                WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
                ORDER BY id LIMIT %s
                FOR UPDATE SKIP LOCKED
            ), claimed AS (
                UPDATE outbox SET claimed_until = now() + make_interval(secs => %s), attempts = attempts + 1
                FROM pending WHERE outbox.id = pending.id
                RETURNING outbox.id, event_id, source, detail_type, detail, trace_header
            )
            SELECT event_id, source, detail_type, detail, trace_header FROM claimed ORDER BY id
            """,
            [BATCH, CLAIM_SECONDS],
        ).fetchall()
    return [BusEntry(**row) for row in rows]


def _settle(database: Database, entries: list[BusEntry], refusals: dict[UUID, str]) -> None:
    accepted = [entry.event_id for entry in entries if entry.event_id not in refusals]
    with database.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET published_at = now(), claimed_until = NULL, last_error = NULL WHERE event_id = ANY(%s)",
            [accepted],
        )
        for event_id, reason in refusals.items():
            connection.execute(
                "UPDATE outbox SET claimed_until = now() + make_interval(secs => %s), last_error = %s "
                "WHERE event_id = %s",
                [RETRY_SECONDS, reason, event_id],
            )
