"""Row P8: the storefront goes on while the password of its database changes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg import sql

from retail import clients
from retail.roles import STOREFRONT
from storefront import credentials
from storefront.credentials import DatabaseCredentials
from storefront.pool import PooledDatabase
from storefront.resources import Resources
from tests.storefront.published import plain_resources, published

USER = "shopkeeper"
ROLE = f"DO $$ BEGIN CREATE ROLE {STOREFRONT} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"


class Secret:
    """The database's secret as the storefront reads it."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.reads = 0
        self.away = False

    def get_secret_value(self, **_: str) -> dict[str, str]:
        self.reads += 1
        if self.away:
            raise ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")
        return {"SecretString": json.dumps({"username": USER, "password": self.password})}


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Secret:
    secret = Secret("first")
    monkeypatch.setattr(clients, "secrets_manager", lambda: secret)
    return secret


@pytest.fixture
def administrator(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'first'").format(sql.Identifier(USER)))
        connection.execute(ROLE)
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(STOREFRONT), sql.Identifier(USER)))
        yield connection
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [USER])
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(USER)))


@pytest.fixture
def resources(administrator: psycopg.Connection, database_url: str, cache_url: str) -> Iterator[Resources]:
    values = published(database_url, cache_url) | {"database/username": USER, "database/password": "first"}
    resources = plain_resources(values)
    yield resources
    resources.close()


def answers(database: PooledDatabase) -> bool:
    with database.transaction() as connection:
        return connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}


def test_p8_a_rotated_password_is_taken_up_without_a_restart(
    administrator: psycopg.Connection, resources: Resources, secret: Secret
) -> None:
    assert answers(resources.writer)
    assert secret.reads == 0, "what ECS injected is enough at start"

    administrator.execute(sql.SQL("ALTER ROLE {} PASSWORD 'second'").format(sql.Identifier(USER)))
    secret.password = "second"
    assert answers(resources.writer), "open connections go on"
    administrator.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [USER])
    assert answers(resources.writer), "and new ones enter with the new password"


def test_p8_a_secret_that_cannot_be_read_leaves_the_last_known_and_is_not_asked_all_the_time(
    secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "SECONDS_BETWEEN_READS", 60.0)  # however slow this machine is
    known = DatabaseCredentials("arn", USER, "first")
    secret.away = True
    known.doubt()

    assert [known.read() for _ in range(5)] == [(USER, "first")] * 5
    assert secret.reads == 1
