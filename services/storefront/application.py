"""The ASGI application: what it consists of, and what starts and ends with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from retail.observability import logger
from storefront import (
    account_api,
    account_pages,
    account_security_pages,
    admin_api,
    admin_category_api,
    admin_category_pages,
    admin_order_pages,
    admin_pages,
    api,
    catalog_api,
    catalog_pages,
    checkout_pages,
    description,
    files,
    health,
    pages,
    problems,
)
from storefront.announcements import Announcer
from storefront.ending import put_away
from storefront.forgery import ForgeryGuard
from storefront.head import HeadAsGet
from storefront.middleware import RequestScope
from storefront.page_copies import CopiedPages
from storefront.rate_limits import RateLimits
from storefront.relay import OutboxRelay
from storefront.request_limits import RequestLimits
from storefront.resources import Resources
from storefront.tracing import TracedRequests


def create_application(resources: Resources) -> FastAPI:
    """The storefront over these resources. The relay starts and stops with the application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        relay.start()
        announcer.start()
        logger.info("storefront started")
        yield
        await to_thread.run_sync(put_away, announcer.stop, relay.stop, resources.close, provider.shutdown)
        logger.info("storefront stopped")

    relay = OutboxRelay(resources)
    announcer = Announcer(resources)
    provider = resources.tracer_provider()
    application = FastAPI(
        title="RetailPlatform storefront",
        version="1.0",
        description="Catalog, cart and orders. Every error is a problem of RFC 9457.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # Starlette would lead to whatever host the request names
        lifespan=lifespan,
    )
    application.state.resources = resources
    application.state.relay = relay
    application.state.announcer = announcer
    application.state.tracer_provider = provider
    problems.install(application)
    description.install(application)
    application.add_middleware(CopiedPages, copies=resources.page_copies)  # the last one added is the first one asked
    application.add_middleware(HeadAsGet)
    application.add_middleware(ForgeryGuard)
    application.add_middleware(RequestLimits)
    application.add_middleware(
        RateLimits,
        session_per_minute=resources.settings.session_requests_per_minute,
        address_per_minute=resources.settings.address_requests_per_minute,
    )
    application.add_middleware(RequestScope)
    application.add_middleware(TracedRequests, provider=provider, ratio=resources.settings.trace_ratio)
    apis = (health, catalog_api, api, account_api, admin_api, admin_category_api)
    desk = (admin_pages, admin_category_pages, admin_order_pages)
    accounts = (account_pages, account_security_pages)
    for part in (*apis, files, catalog_pages, pages, checkout_pages, *accounts, *desk):
        application.include_router(part.router)
    return application
