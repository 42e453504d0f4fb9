"""Everything the storefront works with, made at first use from what discovery knows by then."""

from collections.abc import Callable
from functools import cached_property, partial
from threading import RLock
from typing import TYPE_CHECKING

from retail import clients, roles
from retail.bus import EventBridgeBus, EventBus
from retail.cache import connect_cache
from retail.cart import Carts
from retail.catalog import Catalog
from retail.customer_sessions import CustomerSessions, read_signing_keys
from retail.database import ConnectionSettings
from retail.payment_key import secret_key
from retail.recommendations import BedrockModel, Recommendations
from storefront.credentials import DatabaseCredentials
from storefront.discovery import Discovery
from storefront.page_copies import PageCopies
from storefront.payment_readiness import PaymentReadiness
from storefront.pool import LIMITS, PooledDatabase
from storefront.rate_limits import RateCounters
from storefront.sessions import SessionCookies
from storefront.settings import Settings
from storefront.tracing import tracer_provider

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from redis import Redis

    from retail.card_entry import CardEntry


class Resources:
    """Databases, cache and bus; each property raises DiscoveryIncompleteError until its address is published.

    Connections are encrypted and the servers' certificates verified (`verify-full`, `rediss`), but in tests.
    """

    def __init__(
        self, settings: Settings, discovery: Discovery, *, sslmode: str = "verify-full", cache_scheme: str = "rediss"
    ) -> None:
        self.discovery = discovery
        self.page_copies = PageCopies()
        self._settings = settings
        self._sslmode = sslmode
        self._cache_scheme = cache_scheme
        self._lock = RLock()
        self._pools: dict[str, PooledDatabase] = {}
        self._payment_readiness = PaymentReadiness(settings.payment_secret_arn)
        self._credentials = DatabaseCredentials(
            settings.database_secret_arn, settings.database_username, settings.database_password.get_secret_value()
        )

    def tracer_provider(self) -> "TracerProvider":
        """What makes the spans of this process."""
        return tracer_provider(ratio=self._settings.trace_ratio, endpoint=self._settings.trace_collector)

    @property
    def settings(self) -> Settings:
        """What the task definition tells."""
        return self._settings

    @property
    def takes_payments(self) -> bool:
        """Whether this environment has a payment gateway with its key; without one nothing can be ordered."""
        if self._settings.payment_gateway == "stripe":
            return self._payment_readiness.is_ready()
        return self._settings.payment_gateway != "none"

    @property
    def is_demonstration(self) -> bool:
        """Whether the cards are the simulator's: only then may a page say that nothing is charged."""
        return self._settings.payment_gateway == "simulator"

    @cached_property
    def card_entry(self) -> "CardEntry | None":
        """The page for cards, where the gateway has one; without one the checkout offers what the gateway knows."""
        if self._settings.payment_gateway != "stripe":
            return None
        from retail.stripe_account import StripeAccount  # half a second, for those who need it
        from retail.stripe_card_entry import StripeCardEntry

        account = StripeAccount(partial(secret_key, self._settings.payment_secret_arn))
        return StripeCardEntry(account, self._settings.store_address)

    @property
    def writer(self) -> PooledDatabase:
        """Orders, payments and stock: the only place that is never behind."""
        return self._pool("database/writer-endpoint", writes=True)

    @property
    def reader(self) -> PooledDatabase:
        """Catalog and availability."""
        return self._pool("database/reader-endpoint", writes=False)

    @cached_property
    def cache(self) -> "Redis":
        """Carts, and copies of the catalog."""
        return connect_cache(self.discovery.value("cache/endpoint"), scheme=self._cache_scheme)

    @cached_property
    def bus(self) -> EventBus:
        """Where the outbox is published."""
        return EventBridgeBus(clients.events(), self.discovery.value("events/bus"))

    @property
    def catalog(self) -> Catalog:
        """The products, read through the cache."""
        return Catalog(self.reader, self.cache)

    @cached_property
    def recommendations(self) -> Recommendations:
        """What goes with a product; without a model's name only what was bought together."""
        model, region = self._settings.recommendation_model, self._settings.recommendation_region
        chooser = BedrockModel(clients.bedrock(region), model) if model and region else None
        return Recommendations(self.catalog, self.reader, self.cache, chooser)

    @property
    def carts(self) -> Carts:
        """The carts of all sessions."""
        return Carts(self.cache)

    @property
    def customer_sessions(self) -> CustomerSessions:
        """Who is signed in, read through the cache."""
        return CustomerSessions(self.writer, self.cache)

    @cached_property
    def session_cookies(self) -> SessionCookies:
        """The cookies of all sessions."""
        return SessionCookies(lambda: read_signing_keys(self.writer))

    @cached_property
    def rate_counters(self) -> RateCounters:
        """How often whom asked."""
        return RateCounters(lambda: self.cache)

    def close(self) -> None:
        """Give every connection back."""
        if "recommendations" in self.__dict__:
            self.recommendations.close()
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _pool(self, endpoint: str, *, writes: bool) -> PooledDatabase:
        with self._lock:
            if endpoint not in self._pools:
                server = partial(
                    ConnectionSettings,
                    host=self.discovery.value(endpoint),
                    port=int(self.discovery.value("database/port")),
                    name=self.discovery.value("database/name"),
                    sslmode=self._sslmode,
                    writes=writes,
                    role=roles.STOREFRONT,
                    limits=LIMITS,
                )
                self._pools[endpoint] = PooledDatabase(lambda: self._conninfo(server), self._credentials.doubt)
            return self._pools[endpoint]

    def _conninfo(self, server: Callable[..., ConnectionSettings]) -> str:
        username, password = self._credentials.read()
        return server(username=username, password=password).conninfo
