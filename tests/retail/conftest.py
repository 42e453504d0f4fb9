"""The shop of these tests, and the cache beside it."""

import socket

import pytest
from redis import Redis

from retail.cache import connect_cache
from tests.retail.shop import shop as shop


@pytest.fixture
def cache(cache_url: str) -> Redis:
    return connect_cache(cache_url.removeprefix("redis://"), scheme="redis")


@pytest.fixture
def absent_cache() -> Redis:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return connect_cache(f"127.0.0.1:{taken.getsockname()[1]}", scheme="redis")
