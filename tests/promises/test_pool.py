"""Promise: the pool recovers by itself within seconds, however long the database was away."""

from __future__ import annotations

import contextlib
import time

import psycopg
import pytest

from local.run_directory import free_port
from storefront import pool
from storefront.pool import PooledDatabase

# Between six attempts of a pool that is left to its defaults: 1 + 2 + 4 + 8 + 16 s, each a tenth less or more.
SECONDS_OF_DOUBLED_WAITS = 27.9


def test_while_the_database_is_away_the_pool_keeps_trying_without_waiting_longer_and_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.5)
    attempts: list[float] = []
    database = PooledDatabase(
        lambda: f"host=127.0.0.1 port={free_port()} dbname=away", lambda: attempts.append(time.monotonic())
    )
    while len(attempts) < 6:
        with contextlib.suppress(psycopg.OperationalError), database.transaction():
            pass
    database.close()
    assert attempts[5] - attempts[0] < SECONDS_OF_DOUBLED_WAITS
