"""Migrations."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from retail import schema
from retail.sample_catalog import insert_sample_catalog
from retail.schema import Migration, load_migrations, migrate

PATIENCE_SECONDS = 60


def test_migrations_are_applied_once_when_run_twice(database_url: str) -> None:
    assert migrate(database_url) == [migration.name for migration in load_migrations()]
    assert migrate(database_url) == []


def test_migrations_are_applied_once_when_run_at_the_same_time(database_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: migrate(database_url), range(8)))
    assert sorted(runs, reverse=True)[0] == [migration.name for migration in load_migrations()]
    assert sum(map(len, runs)) == len(load_migrations())


def test_a_failing_migration_leaves_nothing_behind_and_those_before_it_stay(database_url: str) -> None:
    good = Migration(1, "0001_good", "CREATE TABLE good (id int)")
    bad = Migration(2, "0002_bad", "CREATE TABLE half (id int); SELECT nonsense")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        migrate(database_url, migrations=[good, bad])
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT to_regclass('good') IS NOT NULL, to_regclass('half') IS NOT NULL")
        assert tables.fetchone() == (True, False)
    repaired = replace(bad, statements="CREATE TABLE half (id int)")
    assert migrate(database_url, migrations=[good, repaired]) == ["0002_bad"]


def test_an_edited_migration_is_refused(database_url: str) -> None:
    migration = Migration(1, "0001_first", "CREATE TABLE first (id int)")
    migrate(database_url, migrations=[migration])
    with pytest.raises(ValueError, match="0001_first was edited after it was applied"):
        migrate(database_url, migrations=[replace(migration, statements="CREATE TABLE other (id int)")])


def test_waiting_for_another_run_ends_in_time_with_an_error(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [7_242_001])
        with pytest.raises(psycopg.errors.QueryCanceled):
            migrate(database_url, patience_seconds=1)


def _until_it_waits(database_url: str) -> None:
    """Return once somebody is found waiting for a table."""
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(database_url, autocommit=True) as witness:
        while not witness.execute(waiting).fetchall():
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.02)


def test_a_migration_steps_back_for_whoever_holds_its_table_and_is_applied_afterwards(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 1)
    first, second = (
        Migration(1, "0001_first", "CREATE TABLE first (id int)"),
        Migration(2, "0002_second", "CREATE TABLE half (id int); ALTER TABLE first ADD COLUMN name text"),
    )
    migrate(database_url, migrations=[first])
    with ThreadPoolExecutor(1) as deployment, psycopg.connect(database_url) as long:
        long.execute("SELECT FROM first")
        migration = deployment.submit(migrate, database_url, migrations=[first, second])
        _until_it_waits(database_url)
        with psycopg.connect(database_url) as customer:
            customer.execute(f"SET statement_timeout = '{PATIENCE_SECONDS}s'")
            customer.execute("SELECT FROM first")  # behind the migration, which would wait for ever
        long.rollback()
        assert migration.result() == ["0002_second"]


def test_a_lock_that_is_never_given_ends_the_deployment_with_what_to_do(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 1)
    first = Migration(1, "0001_first", "CREATE TABLE first (id int)")
    second = Migration(2, "0002_second", "ALTER TABLE first ADD COLUMN name text")
    migrate(database_url, migrations=[first])
    with psycopg.connect(database_url) as long:
        long.execute("SELECT FROM first")
        with pytest.raises(schema.SchemaInUseError, match=r"0002_second got no lock .* pg_stat_activity"):
            migrate(database_url, migrations=[first, second], patience_seconds=3)


TAKES_AWAY = re.compile(
    r"\bDROP (TABLE|COLUMN|VIEW)\b|\bRENAME\b|\bSET NOT NULL\b|\bALTER COLUMN \w+ (SET DATA )?TYPE\b", re.IGNORECASE
)
FIRST_OF_A_SHOP_THAT_SELLS = 9


def test_a_migration_only_adds_or_says_since_when_nobody_uses_what_it_takes_away() -> None:
    for migration in load_migrations():
        if migration.version >= FIRST_OF_A_SHOP_THAT_SELLS and "-- contract: unused since " not in migration.statements:
            taken = TAKES_AWAY.search(re.sub(r"--.*", "", migration.statements))
            assert not taken, (
                f"{migration.name}: {taken[0]}, while the release before runs on this schema too: stop using it first, "
                "take it away in a later release, and say `-- contract: unused since 0009_…`"
            )


@pytest.mark.parametrize(
    "statements",
    ["ALTER TABLE a DROP COLUMN b", "ALTER TABLE a RENAME b TO c", "DROP TABLE a", "alter column a type int"],
)
def test_what_takes_away_is_recognised(statements: str) -> None:
    assert TAKES_AWAY.search(statements)


@pytest.mark.parametrize(
    ("names", "message"),
    [(["first.sql"], "name a migration"), (["0001_one.sql", "0001_two.sql"], "take the next number")],
)
def test_a_misnamed_migration_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match=message):
        load_migrations(tmp_path)


def test_the_sample_catalog_is_inserted_once_and_never_overwrites(database_url: str) -> None:
    migrate(database_url)
    assert insert_sample_catalog(database_url) == 200
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE products SET price = 1")
    assert insert_sample_catalog(database_url) == 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM products WHERE price = 1").fetchone() == (200,)
