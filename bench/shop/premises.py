"""A shop to measure: a real PostgreSQL that keeps its promises, a real Redis, the sample catalog."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local.cache import start_cache
from local.postgres import start_postgres
from local.run_directory import RunDirectory
from retail.sample_catalog import insert_sample_catalog
from retail.schema import migrate

PLENTY = 1_000_000  # pieces of each product: no measurement runs out of them


@dataclass(frozen=True)
class Premises:
    """Where database and cache are."""

    conninfo: str
    cache_url: str


@contextmanager
def premises() -> Iterator[Premises]:
    """Both servers, started for this block alone; every commit is on the disk before it counts, as on Aurora."""
    with tempfile.TemporaryDirectory() as directory:
        servers = RunDirectory(Path(directory))
        try:
            postgres, cache = start_postgres(servers, durable=True), start_cache(servers)
            migrate(postgres.conninfo)
            insert_sample_catalog(postgres.conninfo)
            with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
                connection.execute("UPDATE products SET inventory_count = %s", [PLENTY])
            yield Premises(postgres.conninfo, cache.url)
        finally:
            servers.stop_all()
