"""The cache (Valkey or Redis): fast, shared, and allowed to be away.

Only commands on single keys are used: ElastiCache Serverless spreads keys over slots.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from retail.breaker import Breaker
from retail.errors import CacheUnavailableError
from retail.observability import count, describe, logger

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_SECONDS = 0.5
SECONDS_LEFT_ALONE = 1.0


def connect_cache(endpoint: str, *, scheme: str = "rediss") -> "Redis":
    """A client for `host:port`, which connects at first use; TLS with the default trust store unless told otherwise.

    Fails fast: whoever reads the cache has another source, and a customer is waiting. One that hangs is left alone for
    a second at a time, else every customer would wait for it, several times a page.
    """
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as Away
    from redis.exceptions import TimeoutError as Silent
    from redis.retry import Retry

    class PatientRedis(Redis):
        """Asks through the breaker."""

        breaker = Breaker(SECONDS_LEFT_ALONE)

        def execute_command(self, *command: Any, **options: Any) -> Any:
            if not self.breaker.lets_through():
                raise Away("the cache did not answer a moment ago, so it is left alone")
            try:
                answer = super().execute_command(*command, **options)  # type: ignore[no-untyped-call]  # redis-py's
            except (Away, Silent):
                self.breaker.failed()
                raise
            self.breaker.succeeded()
            return answer

    return PatientRedis.from_url(
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
