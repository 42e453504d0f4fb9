"""Waiting for what a test cannot go on without; nothing takes as long as this waits that comes at all."""

import time
from collections.abc import Callable

import psycopg

from tests.retail.shop import Shop

SECONDS = 60.0


def eventually(look: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + SECONDS
    while not look():
        assert time.monotonic() < deadline, f"it does not come about: {what}"
        time.sleep(0.01)


def blocked(shop: Shop) -> int:
    """How many statements wait, at this moment, for a lock that somebody else holds."""
    with psycopg.connect(shop.conninfo) as observer:  # a transaction sees this as it was when it first looked
        found = observer.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND backend_type = 'client backend'"
        ).fetchone()
    assert found is not None
    return int(found[0])
