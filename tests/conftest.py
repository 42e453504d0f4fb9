"""What every test may ask for: a real PostgreSQL and a real Redis, started once a session, empty for each test."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from local.cache import Cache, start_cache
from local.postgres import Postgres, start_postgres
from local.run_directory import RunDirectory

# The Node.js of our environment, whatever else the machine has: jsii takes the first on the path.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


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


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """An empty database: its superuser's connection string. Gone after the test."""
    name = sql.Identifier(f"test_{uuid.uuid4().hex}")
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield postgres.conninfo.replace("dbname=postgres", f"dbname={name.as_string().strip(chr(34))}")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


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
