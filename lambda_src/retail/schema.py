"""Schema migrations: plain SQL files, run forward only, by one process at a time."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from retail.observability import logger

MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_LOCK = 7_242_001  # any number, as long as nobody else takes it: the advisory lock of this schema

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


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


def migrate(conninfo: str, *, migrations: list[Migration] | None = None, patience_seconds: int = 240) -> list[str]:
    """Apply what is missing and return its names; safe to run twice and from several places at once.

    Each migration is one transaction. Waits at most `patience_seconds` for another run and for each
    statement. Raises ValueError when an applied migration was edited afterwards.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        patience = sql.Literal(f"{patience_seconds}s")
        connection.execute(sql.SQL("SET statement_timeout = {}").format(patience))
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        connection.execute(_LEDGER)
        applied: dict[int, str] = dict(connection.execute("SELECT version, checksum FROM schema_migrations").fetchall())
        return [
            migration.name
            for migration in (load_migrations() if migrations is None else migrations)
            if _apply(connection, migration, applied.get(migration.version))
        ]


def _apply(connection: psycopg.Connection[Any], migration: Migration, applied: str | None) -> bool:
    if applied is not None:
        if applied != migration.checksum:
            raise ValueError(f"{migration.name} was edited after it was applied: undo that and write a new migration")
        return False
    with connection.transaction():
        connection.execute(migration.statements.encode())
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
            [migration.version, migration.name, migration.checksum],
        )
    logger.info("migration applied", migration=migration.name)
    return True
