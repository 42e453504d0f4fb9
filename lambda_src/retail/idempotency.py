"""Idempotency keys: asked twice under one key, a thing is done once (draft-ietf-httpapi-idempotency-key-header).

A key is written in the transaction of what it protects. So a crash loses both or neither, a failure may be tried again
under the same key, and a duplicate in flight waits at the unique index until the first one is decided.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import psycopg

from retail.database import Connection
from retail.errors import IdempotencyKeyReusedError, RequestInProgressError

KEPT = timedelta(hours=24)
SECONDS_FOR_ANOTHER = 5.0  # so long the first one under a key is waited for
KEY = r"[A-Za-z0-9._:-]{8,200}"


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key, whose it is, and a digest of what was asked for under it."""

    session_key: str = field(repr=False)
    key: str = field(repr=False)
    request_hash: bytes = field(repr=False)

    @classmethod
    def of(cls, session_key: str, key: str, *request: str) -> "IdempotencyKey":
        """The key for a request with this content."""
        digest = hashlib.sha256()
        for part in request:
            digest.update(len(part.encode()).to_bytes(4, "big") + part.encode())
        return cls(session_key, key, digest.digest())


def claim(connection: Connection, key: IdempotencyKey, order_id: UUID) -> UUID:
    """Note the key for this order; returns the order's id, or that of the order which has the key already.

    Waits for another transaction that holds the key. Raises RequestInProgressError when that takes too long, and
    IdempotencyKeyReusedError when the key was used for something else.
    """
    try:
        with connection.transaction():  # a savepoint: the time limit is for this statement only
            patience = f"{SECONDS_FOR_ANOTHER}s"
            connection.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
            claimed = connection.execute(
                "INSERT INTO idempotency_keys AS mine (session_key, key, request_hash, order_id, expires_at) "
                "VALUES (%s, %s, %s, %s, now() + %s) ON CONFLICT (session_key, key) DO UPDATE "
                "SET request_hash = EXCLUDED.request_hash, order_id = EXCLUDED.order_id, created_at = now(), "
                "expires_at = EXCLUDED.expires_at WHERE mine.expires_at <= now() RETURNING order_id",
                [key.session_key, key.key, key.request_hash, order_id, KEPT],
            ).fetchone()
            connection.execute("SET LOCAL lock_timeout = DEFAULT")
    except psycopg.errors.LockNotAvailable:
        raise RequestInProgressError from None
    return order_id if claimed else find(connection, key) or claim(connection, key, order_id)


def find(connection: Connection, key: IdempotencyKey) -> UUID | None:
    """The order that has this key; raises IdempotencyKeyReusedError when it was used for something else."""
    row = connection.execute(
        "SELECT order_id, request_hash FROM idempotency_keys "
        "WHERE session_key = %s AND key = %s AND expires_at > now()",
        [key.session_key, key.key],
    ).fetchone()
    if row is None:
        return None
    if row["request_hash"] != key.request_hash:
        raise IdempotencyKeyReusedError
    order_id: UUID = row["order_id"]
    return order_id
