"""The cache (Valkey or Redis): fast, shared, and allowed to be away.

Only commands on single keys are used: ElastiCache Serverless spreads keys over slots.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retail.errors import CacheUnavailableError
from retail.observability import count, describe, logger

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_SECONDS = 0.5


def connect_cache(endpoint: str, *, scheme: str = "rediss") -> "Redis":
    """A client for `host:port`, which connects at first use; TLS with the default trust store unless told otherwise.

    Fails fast: whoever reads the cache has another source, and a customer is waiting.
    """
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        f"{scheme}://{endpoint}",
        decode_responses=True,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


@contextmanager
def cache_errors() -> Iterator[None]:
    """Turn whatever the cache's client raises inside into CacheUnavailableError, and say so in the log."""
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        logger.warning("the cache does not answer", error=describe(error))
        count("CacheUnavailable")
        raise CacheUnavailableError from error
