"""On AWS both stores speak TLS only; on this machine the shop's code meets the same."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.cache import Cache
from local.postgres import Postgres
from local.run_directory import RunDirectory, free_port, is_listening
from local.tls import make_certificate
from retail.database import ConnectionSettings

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Ports:
    """Where TLS is spoken, and the authority behind its certificate."""

    database: int
    cache: int
    authority: Path


@pytest.fixture(scope="module")
def ports(
    servers: RunDirectory, postgres: Postgres, cache_server: Cache, tmp_path_factory: pytest.TempPathFactory
) -> Ports:
    tls = make_certificate(tmp_path_factory.mktemp("tls"))
    database, cache = free_port(), free_port()
    routes = [f"postgres:{database}:{postgres.port}", f"redis:{cache}:{cache_server.port}"]
    servers.start(
        "tls",
        [sys.executable, "-m", "local.tls", tls.certificate, *routes],
        os.environ,
        ready=lambda: is_listening(database) and is_listening(cache),
    )
    return Ports(database=database, cache=cache, authority=tls.authority)


def test_postgres_answers_a_client_that_verifies_the_certificate(ports: Ports, postgres: Postgres) -> None:
    conninfo = postgres.conninfo.replace(f"port={postgres.port}", f"port={ports.database}")
    with psycopg.connect(f"{conninfo} sslmode=verify-full sslrootcert={ports.authority}") as connection:
        row = connection.execute("SELECT repeat('x', %s)", [10 * MEGABYTE]).fetchone()
    assert row is not None
    assert len(row[0]) == 10 * MEGABYTE


def test_the_shop_connects_to_the_server_of_the_authority_it_is_told_to_trust_and_to_no_other(
    ports: Ports, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(host: str = "127.0.0.1") -> None:
        settings = ConnectionSettings(
            host=host, port=ports.database, name="postgres", username=postgres.user, password=postgres.password
        )
        psycopg.connect(settings.conninfo, hostaddr="127.0.0.1").close()

    monkeypatch.setenv("PGSSLROOTCERT", str(ports.authority))
    connect()
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        connect("database.example.com")
    monkeypatch.setenv("PGSSLROOTCERT", str(make_certificate(tmp_path).authority))
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect()
    monkeypatch.delenv("PGSSLROOTCERT")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect()


def test_postgres_refuses_a_client_without_tls(ports: Ports, postgres: Postgres) -> None:
    conninfo = postgres.conninfo.replace(f"port={postgres.port}", f"port={ports.database}")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{conninfo} sslmode=disable")


def test_cache_answers_a_client_that_verifies_the_certificate(ports: Ports, cache_url: str) -> None:
    with redis.Redis(port=ports.cache, ssl=True, ssl_ca_certs=str(ports.authority)) as client:
        client.set("key", b"x" * MEGABYTE)
        assert client.get("key") == b"x" * MEGABYTE


def test_a_client_that_does_not_know_the_authority_refuses_the_cache(ports: Ports) -> None:
    with (
        redis.Redis(port=ports.cache, ssl=True, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.ping()
