"""The cache (Valkey or Redis): fast, shared, and allowed to be away.

Only commands on single keys are used: ElastiCache Serverless spreads keys over slots.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from retail.breaker import Breaker
from retail.errors import CacheUnavailableError
from retail.observability import count, describe, logger

if TYPE_CHECKING:
    from redis import Redis

Answer = TypeVar("Answer")

TIMEOUT_SECONDS = 0.5
SECONDS_LEFT_ALONE = 1.0


def connect_cache(endpoint: str, *, scheme: str = "rediss") -> "Redis":
    """A client for `host:port`, which connects at first use; TLS with the default trust store unless told otherwise.

    Fails fast: whoever reads the cache has another source, and a customer is waiting. One that hangs is left alone for
    a second at a time, else every customer would wait for it, several times a page.
    """
    from redis.backoff import NoBackoff
    from redis.client import Pipeline, Redis
    from redis.exceptions import ConnectionError as Away
    from redis.exceptions import TimeoutError as Silent
    from redis.retry import Retry

    breaker = Breaker(SECONDS_LEFT_ALONE)

    def through_the_breaker(ask: Callable[[], Answer]) -> Answer:
        if not breaker.lets_through():
            raise Away("the cache did not answer a moment ago, so it is left alone")
        try:
            answer = ask()
        except (Away, Silent):
            breaker.failed()
            raise
        breaker.succeeded()
        return answer

    class PatientPipeline(Pipeline):
        """What it gathered is asked through the breaker, at once."""

        def execute(self, raise_on_error: bool = True) -> list[Any]:
            if not self.command_stack:
                return []  # nothing is asked, so nothing is learned of the cache
            return through_the_breaker(partial(super().execute, raise_on_error))

    class PatientRedis(Redis):
        """Asks through the breaker."""

        def execute_command(self, *command: Any, **options: Any) -> Any:
            return through_the_breaker(partial(super().execute_command, *command, **options))

        def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
            return PatientPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

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
