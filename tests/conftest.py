"""What every test may ask for: a real PostgreSQL, a real Redis and a real Spark, started once a session."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from local.cache import Cache, start_cache
from local.postgres import Postgres, start_postgres
from local.run_directory import RunDirectory
from retail import cache
from retail.observability import logger
from tests import patience
from tests.log_watch import LogWatch, private_in

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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


@pytest.fixture(autouse=True)
def no_request_outlives_its_test() -> Iterator[None]:
    """The correlation id of a test's last request is on no log line of the next one."""
    yield
    logger.thread_safe_clear_keys()


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
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
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
def cache_url(cache_server: Cache, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty cache, which nobody takes for away before the patience of tests is over."""
    monkeypatch.setattr(cache, "TIMEOUT_SECONDS", patience.SECONDS)
    with redis.Redis.from_url(cache_server.url) as client:
        client.flushall()
    return cache_server.url


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A real Spark of two threads; starting it takes seconds, so all tests share it. Only slow tests ask for it."""
    from curation.here import session  # here, for importing Spark takes as long as many a test
    from curation.job import configure

    with pytest.MonkeyPatch.context() as machine:
        # Results must not depend on where the machine is. For Java alone: in this process some library would sooner or
        # later take notice of it, and the tests before and after that would be in different places.
        machine.setenv("TZ", os.environ.get("TZ", "America/New_York"))
        # A few rows at a time: compiling costs a hundred times what it saves.
        spark = session(tmp_path_factory.mktemp("spark"), memory="2g", cores="2", java="-XX:TieredStopAtLevel=1")
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    configure(spark)
    yield spark
    spark.stop()


@pytest.fixture(scope="session")
def curated_history(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables that the nightly job makes of the known history, for whoever only reads them."""
    from tests.analytics.curated import curate

    return curate(spark, tmp_path_factory.mktemp("known") / "lake")
