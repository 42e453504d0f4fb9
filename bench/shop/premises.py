"""A shop to measure: a real PostgreSQL that keeps its promises, a real Redis, the sample catalog."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from local.cache import start_cache
from local.postgres import start_postgres
from local.run_directory import RunDirectory
from retail.delivery import DeliveryAddress
from retail.observability import logger
from retail.sample_catalog import insert_sample_catalog, sample_products
from retail.schema import migrate

PLENTY = 1_000_000  # pieces of each product: no measurement runs out of them
DELIVERY = DeliveryAddress(recipient="Somebody", line1="1 Quay", city="Anywhere", country="NO", postcode="0001")
PRODUCTS: list[UUID] = [product["id"] for product in sample_products()]


@dataclass(frozen=True)
class Premises:
    """Where database and cache are."""

    conninfo: str
    cache_url: str

    @contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """A copy of one of the databases for this block, so that each measurement begins with the same rows."""
        name = f"copy_{uuid4().hex}"
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
            try:
                yield make_conninfo(self.conninfo, dbname=name)
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def logging_to_a_file() -> Iterator[None]:
    """What this process logs and counts goes into a file, as it would in a container, and not over the results."""
    handler = cast("logging.StreamHandler[TextIO]", logger.registered_handler)
    with tempfile.TemporaryFile("w") as lines, redirect_stdout(lines):
        before = handler.setStream(lines)
        try:
            yield
        finally:
            handler.setStream(before or sys.__stdout__ or lines)


@contextmanager
def premises() -> Iterator[Premises]:
    """Both servers, started for this block alone, and the database `shop` in them.

    Every commit is on the disk before it counts, as on Aurora.
    """
    with logging_to_a_file(), tempfile.TemporaryDirectory() as directory:
        servers = RunDirectory(Path(directory))
        try:
            postgres, cache = start_postgres(servers, durable=True), start_cache(servers)
            with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            shop = make_conninfo(postgres.conninfo, dbname="shop")
            migrate(shop)
            insert_sample_catalog(shop)
            with psycopg.connect(shop, autocommit=True) as connection:
                connection.execute("UPDATE products SET inventory_count = %s", [PLENTY])
                connection.execute("VACUUM ANALYZE")
            yield Premises(postgres.conninfo, cache.url)
        finally:
            servers.stop_all()
