"""What every test may ask for: a real PostgreSQL and a real Redis, started once a session, empty for each test."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from local.cache import Cache, start_cache
from local.postgres import Postgres, start_postgres
from local.run_directory import RunDirectory
from tests.log_watch import LogWatch, private_in

# The Node.js of our environment, whatever else the machine has: jsii takes the first on the path.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


@pytest.fixture(autouse=True)
def nothing_private_is_logged() -> Iterator[None]:
    """In no test does a log line hold what is somebody's."""
    watch = LogWatch()
    logging.getLogger().addHandler(watch)
    yield
    logging.getLogger().removeHandler(watch)
    for line in watch.lines:
        assert private_in(line) == [], f"a log line says: {line[:500]}"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunDirectory]:
    """Where the session's servers run; all stop with the session."""
    directory = RunDirectory(tmp_path_factory.mktemp("servers"))
    yield directory
    directory.stop_all()


@pytest.fixture(scope="session")
def postgres(servers: RunDirectory) -> Postgres:
    """A PostgreSQL server of the session's own."""
    return start_postgres(servers, durable=False)


@pytest.fixture(scope="session")
def database(postgres: Postgres) -> str:
    """The session's database: its superuser's connection string. A new one for each test would cost 0.3 s."""
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test")
    return postgres.conninfo.replace("dbname=postgres", "dbname=test")


@pytest.fixture
def database_url(database: str) -> str:
    """An empty database that nobody else is connected to: its superuser's connection string."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return database


@pytest.fixture(scope="session")
def cache_server(servers: RunDirectory) -> Cache:
    """A Redis server of the session's own."""
    return start_cache(servers)


@pytest.fixture
def cache_url(cache_server: Cache) -> str:
    """The address of an empty cache."""
    with redis.Redis.from_url(cache_server.url) as client:
        client.flushall()
    return cache_server.url
