"""Whoever is kept waiting by a busy machine is not away: tests wait longer for a server than customers do.

A server is away for a test because the test says so, and never because a process got no turn for half a second. Tests
of such an absence, and of what it costs, keep the product's own patience.
"""

from retail import cache
from storefront import pool

SECONDS = 30.0


def be_patient() -> None:
    """Wait so long for the cache and for a connection to the database, for the rest of this process's life."""
    cache.TIMEOUT_SECONDS = pool.PATIENCE_SECONDS = SECONDS
