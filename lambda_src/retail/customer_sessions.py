"""Who is signed in where: PostgreSQL knows, the cache answers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from retail.cache import cache_errors
from retail.customers import Account
from retail.database import Connection, Database
from retail.errors import CacheUnavailableError, WrongCredentialsError
from retail.observability import describe, logger

if TYPE_CHECKING:
    from redis import Redis

LIFETIME = timedelta(days=30)  # NIST SP 800-63B asks for the password again after this at the latest (AAL1)
CACHED_SECONDS = 300


class SignedIn(BaseModel):
    """A customer in a session; what is known about them may be five minutes old."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    customer_id: UUID
    email: str = Field(repr=False)
    name: str = Field(repr=False)
    since: AwareDatetime
    expires_at: AwareDatetime


class CustomerSessions:
    """Begins, finds and ends sessions by their key. A hit never touches the database; a lost cache loses no session."""

    def __init__(self, writer: Database, cache: "Redis") -> None:
        self._writer = writer
        self._cache = cache

    def begin(self, account: Account, *, session_key: str, key_before: str | None) -> None:
        """Sign a customer in; what nobody's account ordered in their session until now becomes theirs.

        What was ordered there while somebody was signed in is that customer's already, and stays so.
        Raises WrongCredentialsError when the password has changed since the account was read, or the account is gone:
        who looks at this moment (KEY SHARE) is told by `revoke_all`, or has a session that it ends.
        """
        with self._writer.transaction() as connection:
            begun = connection.execute(
                "INSERT INTO customer_sessions (session_key, customer_id, expires_at) SELECT %s, id, now() + %s "
                "FROM customers WHERE id = %s AND password_hash = %s FOR KEY SHARE",
                [session_key, LIFETIME, account.id, account.password_hash],
            )
            if begun.rowcount != 1:
                raise WrongCredentialsError
            connection.execute(
                "UPDATE orders SET customer_id = %s WHERE session_key = %s AND customer_id IS NULL",
                [account.id, key_before],
            )

    def find(self, session_key: str) -> SignedIn | None:
        """Who is signed in; None when nobody is, any more."""
        found = self._recall(session_key)
        if found is None:
            with self._writer.transaction() as connection:
                row = connection.execute(
                    "SELECT customer_id, email, name, customer_sessions.created_at AS since, expires_at "
                    "FROM customer_sessions JOIN customers ON customers.id = customer_id "
                    "WHERE session_key = %s AND revoked_at IS NULL AND expires_at > now()",
                    [session_key],
                ).fetchone()
            if row is None:
                return None
            found = SignedIn.model_validate(row)
            self._remember(session_key, found)
        return found if found.expires_at > datetime.now(UTC) else None

    def end(self, session_key: str) -> None:
        """Sign out. Without a cache, what it held ends within five minutes after it came back."""
        with self._writer.transaction() as connection:
            connection.execute(
                "UPDATE customer_sessions SET revoked_at = now() WHERE session_key = %s AND revoked_at IS NULL",
                [session_key],
            )
        self.forget([session_key])

    def forget(self, session_keys: Iterable[str]) -> None:
        """Drop the copies of sessions that have ended; a cache that is away drops them five minutes later."""
        try:
            with cache_errors():
                for session_key in session_keys:
                    self._cache.delete(_key(session_key))
        except CacheUnavailableError:
            logger.warning("a session that ended may live on in the cache for some minutes")

    def _recall(self, session_key: str) -> SignedIn | None:
        try:
            with cache_errors():
                cached = self._cache.get(_key(session_key))
        except CacheUnavailableError:
            return None  # reported already; the database answers
        try:
            return None if cached is None else SignedIn.model_validate_json(cached)
        except ValidationError as error:
            logger.warning("a cached session cannot be read, the database answers", error=describe(error))
            return None

    def _remember(self, session_key: str, found: SignedIn) -> None:
        try:
            with cache_errors():
                self._cache.set(_key(session_key), found.model_dump_json(), ex=CACHED_SECONDS)
        except CacheUnavailableError:
            return  # reported already; the next reader tries again


def revoke_all(connection: Connection, customer_id: UUID, *, but: str | None = None) -> list[str]:
    """End every session of a customer but that one, in the caller's transaction; returns their keys, to be forgotten.

    The customer's row is locked first: a session that is just being begun is waited for, and ended as well.
    """
    connection.execute("SELECT 1 FROM customers WHERE id = %s FOR UPDATE", [customer_id])
    ended = connection.execute(
        "UPDATE customer_sessions SET revoked_at = now() WHERE customer_id = %s AND revoked_at IS NULL "
        "AND session_key IS DISTINCT FROM %s RETURNING session_key",
        [customer_id, but],
    )
    return [row["session_key"] for row in ended.fetchall()]


def read_signing_keys(writer: Database) -> list[bytes]:
    """The keys of session cookies, the one that signs last."""
    with writer.transaction() as connection:
        rows = connection.execute("SELECT secret FROM signing_keys ORDER BY id").fetchall()
    return [row["secret"] for row in rows]


def _key(session_key: str) -> str:
    return f"session:1:{session_key}"
