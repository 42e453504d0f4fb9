"""The shop of these tests, and the cache beside it."""

import socket
from collections.abc import Iterator

import pytest
from redis import Redis

from retail.cache import connect_cache
from tests.retail.shop import shop as shop


@pytest.fixture
def cache(cache_url: str) -> Redis:
    return connect_cache(cache_url.removeprefix("redis://"), scheme="redis")


@pytest.fixture
def absent_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """A cache that refuses everybody, and once it was found to do so is left alone for the rest of the test."""
    monkeypatch.setattr("retail.cache.SECONDS_LEFT_ALONE", 3600.0)
    with socket.socket() as taken:  # by nobody else, as long as the test runs
        taken.bind(("127.0.0.1", 0))
        yield connect_cache(f"127.0.0.1:{taken.getsockname()[1]}", scheme="redis")
