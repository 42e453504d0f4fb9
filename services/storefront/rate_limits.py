"""How often somebody may ask: counted in the cache, told in headers, never a reason to fail when the cache is away."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import psycopg
from anyio import to_thread
from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.exceptions import RedisError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retail.breaker import Breaker
from retail.observability import count, describe, logger
from storefront.client_address import client_address
from storefront.discovery import DiscoveryIncompleteError
from storefront.forgery import SAFE_METHODS
from storefront.problems import answer
from storefront.sessions import known_session

if TYPE_CHECKING:
    from redis import Redis

Result = TypeVar("Result")

SECONDS_WITHOUT_CACHE = 5.0  # so long the cache is left alone after it did not answer


@dataclass(frozen=True)
class Standing:
    """What is left of a limit for somebody, until it begins anew."""

    name: str
    limit: RateLimitItem
    remaining: int
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        """Whether this request was one too many."""
        return self.remaining < 0


class RateCounters:
    """Counts in windows of fixed length, one command on one key each.

    While the cache is away `hit` answers None, or counts in this process where `even_alone` asks for it; that is
    reported once.
    """

    def __init__(self, cache: Callable[[], "Redis"], clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        self._cache = cache
        self._shared: RedisStorage | None = None
        self._alone = MemoryStorage()
        self._breaker = Breaker(SECONDS_WITHOUT_CACHE)
        self._reported = False
        self._lock = Lock()

    def hit(self, name: str, limit: RateLimitItem, whom: str, *, even_alone: bool = False) -> Standing | None:
        """Count one more for somebody."""
        now = self.now()
        length = limit.get_expiry()
        window = int(now // length)
        key = f"{name}:{whom}:{window}"
        counted = self._count(key, length, even_alone=even_alone)
        if counted is None:
            return None
        return Standing(name, limit, limit.amount - counted, math.ceil((window + 1) * length - now))

    def forget(self, name: str, limit: RateLimitItem, whom: str) -> None:
        """Begin anew for somebody."""
        key = f"{name}:{whom}:{int(self.now() // limit.get_expiry())}"
        self._alone.clear(key)
        self._try(lambda storage: storage.clear(key))

    def _count(self, key: str, length: int, *, even_alone: bool) -> int | None:
        counted = self._try(lambda storage: storage.incr(key, length))
        if counted is None and even_alone:
            return self._alone.incr(key, length)
        return counted

    def _try(self, use: Callable[[Storage], Result]) -> Result | None:
        if not self._breaker.lets_through():
            return None
        try:
            result = use(self._storage())
        except (RedisError, DiscoveryIncompleteError) as error:
            self._breaker.failed()
            count("RateLimitsSuspended")
            if not self._reported:
                logger.warning("without a cache nobody's requests are counted", error=describe(error))
            self._reported = True
            return None
        self._breaker.succeeded()
        if self._reported:
            logger.info("requests are counted again")
        self._reported = False
        return result

    def _storage(self) -> RedisStorage:
        with self._lock:
            pool = self._cache().connection_pool
            if self._shared is None or self._shared.storage.connection_pool is not pool:
                self._shared = RedisStorage("redis://", connection_pool=pool, key_prefix="limit")
            return self._shared


class RateLimits:
    """Refuses with 429 whoever asks too often; reading pages is free, since the edge limits that by address.

    Counted are the API and every change, for each address and, where there is one, for each session.
    """

    def __init__(self, application: ASGIApp, *, session_per_minute: int, address_per_minute: int) -> None:
        self._application = application
        self._session = RateLimitItemPerMinute(session_per_minute)
        self._address = RateLimitItemPerMinute(address_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not (scope["path"].startswith("/api/") or scope["method"] not in SAFE_METHODS):
            await self._application(scope, receive, send)
            return
        request = Request(scope)
        standings = await to_thread.run_sync(self._hit, request)
        headers = _headers(standings)

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        exceeded = [standing for standing in standings if standing.exceeded]
        if exceeded:
            count("RequestsLimited")
            wait = str(max(standing.reset_seconds for standing in exceeded))
            detail = f"Too many requests. Please go on in {wait} seconds."
            refusal = answer(request, 429, detail, kind="too-many-requests", headers={"Retry-After": wait})
            await refusal(scope, receive, send_with_standing)
            return
        await self._application(scope, receive, send_with_standing)

    def _hit(self, request: Request) -> list[Standing]:
        counters: RateCounters = request.app.state.resources.rate_counters
        standings = [counters.hit("address", self._address, client_address(request))]
        try:
            session = known_session(request)
        except (psycopg.OperationalError, DiscoveryIncompleteError):
            session = None  # the endpoint says so, if it matters to it
        if session is not None:
            standings.append(counters.hit("session", self._session, session.key))
        return [standing for standing in standings if standing is not None]


def _headers(standings: list[Standing]) -> dict[str, str]:
    """`RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers."""
    if not standings:
        return {}
    policies = (f'"{one.name}";q={one.limit.amount};w={one.limit.get_expiry()}' for one in standings)
    rests = (f'"{one.name}";r={max(one.remaining, 0)};t={one.reset_seconds}' for one in standings)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(rests)}
