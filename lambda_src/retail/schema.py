"""Schema migrations: plain SQL files, run forward only, by one process at a time."""

import hashlib
import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from retail import roles
from retail.database import Connection
from retail.observability import logger

MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_LOCK = 7_242_001  # any number, as long as nobody else takes it: the advisory lock of this schema

# Who waits for a table's lock makes everybody else wait behind: so not for long, but again and again.
LOCK_SECONDS = 3
SECONDS_BETWEEN_TRIES = 1.0

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class SchemaInUseError(Exception):
    """Somebody holds a lock that a migration needs, for longer than a deployment can wait."""

    def __init__(self, migration: str, seconds: int) -> None:
        super().__init__(
            f"{migration} got no lock on its tables for {seconds} s: look into pg_stat_activity for the transaction "
            "that has been open for long, end it with pg_terminate_backend, and deploy again"
        )


@dataclass(frozen=True)
class Migration:
    """One step of the schema; once it is applied somewhere its file never changes again."""

    version: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the statements."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def load_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All migrations by version; raises ValueError on a misnamed file and on a version that is there twice."""
    migrations: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.match(path.name)
        if match is None:
            raise ValueError(f"{path.name}: name a migration 0001_what_it_does.sql")
        version = int(match.group(1))
        if version in migrations:
            raise ValueError(
                f"{path.name}: version {version} is {migrations[version].name} already, take the next number"
            )
        migrations[version] = Migration(version, path.stem, path.read_text(encoding="utf-8"))
    return list(migrations.values())


@cache
def _own_migrations() -> dict[int, str]:
    return {migration.version: migration.name for migration in load_migrations()}


def missing_migrations(connection: Connection) -> list[str]:
    """The names of those migrations of this code that the database has not seen; raises UndefinedTable without any."""
    applied = connection.execute("SELECT array_agg(version) AS versions FROM schema_migrations").fetchone()
    versions = set(applied["versions"] or ()) if applied else set()
    return [name for version, name in _own_migrations().items() if version not in versions]


def migrate(conninfo: str, *, migrations: list[Migration] | None = None, patience_seconds: int = 240) -> list[str]:
    """Apply what is missing and return its names; safe to run twice and from several places at once.

    Each migration is one transaction. Waits at most `patience_seconds` for another run and for each statement, and
    asks as long for the locks of each migration, three seconds at a time: behind it customers wait. Raises ValueError
    when an applied migration was edited afterwards, SchemaInUseError when there is no end to the wait for a lock. After
    the migrations of this code storefront and functions may do what grants.sql says; after others nothing new.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        patience = sql.Literal(f"{patience_seconds}s")
        connection.execute(sql.SQL("SET statement_timeout = {}").format(patience))
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(f"{LOCK_SECONDS}s")))
        connection.execute(_LEDGER)
        applied: dict[int, str] = dict(connection.execute("SELECT version, checksum FROM schema_migrations").fetchall())
        roles.create(connection)
        done = [
            migration.name
            for migration in (load_migrations() if migrations is None else migrations)
            if _apply(connection, migration, applied.get(migration.version), patience_seconds)
        ]
        if migrations is None:
            roles.grant(connection)
        return done


def _apply(
    connection: psycopg.Connection[Any], migration: Migration, applied: str | None, patience_seconds: int
) -> bool:
    if applied is not None:
        if applied != migration.checksum:
            raise ValueError(f"{migration.name} was edited after it was applied: undo that and write a new migration")
        return False
    deadline = time.monotonic() + patience_seconds
    while not _try(connection, migration):
        if time.monotonic() > deadline:
            raise SchemaInUseError(migration.name, patience_seconds)
        time.sleep(SECONDS_BETWEEN_TRIES)
    logger.info("migration applied", migration=migration.name)
    return True


def _try(connection: psycopg.Connection[Any], migration: Migration) -> bool:
    """Whether the migration got its locks; without them nothing of it is done."""
    try:
        with connection.transaction():
            connection.execute(migration.statements.encode())
            connection.execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                [migration.version, migration.name, migration.checksum],
            )
    except psycopg.errors.LockNotAvailable:
        logger.warning("a migration waits for its locks", migration=migration.name)
        return False
    return True
