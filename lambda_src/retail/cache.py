"""The cache (Valkey or Redis): fast, shared, and allowed to be away.

Only commands on single keys are used: ElastiCache Serverless spreads keys over slots.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

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

        breaker = Breaker()

        def execute_command(self, *command: Any, **options: Any) -> Any:
            if not self.breaker.lets_through():
                raise Away("the cache did not answer a moment ago, so it is left alone")
            try:
                answer = super().execute_command(*command, **options)  # type: ignore[no-untyped-call]  # redis-py's
            except (Away, Silent):
                self.breaker.open()
                raise
            self.breaker.close()
            return answer

    return PatientRedis.from_url(
        f"{scheme}://{endpoint}",
        decode_responses=True,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


class Breaker:
    """Open after a failure; then lets one caller through each second, until one of them succeeds.

    The libraries for it let everybody through after the pause, or hold a lock while they ask.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed = True
        self._next_try = 0.0
        self._lock = Lock()

    def lets_through(self) -> bool:
        """Whether this caller may try."""
        if self._closed:
            return True
        with self._lock:
            now = self._clock()
            if now < self._next_try:
                return False
            self._next_try = now + SECONDS_LEFT_ALONE
            return True

    def open(self) -> None:
        """It failed."""
        with self._lock:
            self._closed = False
            self._next_try = self._clock() + SECONDS_LEFT_ALONE

    def close(self) -> None:
        """It succeeded."""
        self._closed = True


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
