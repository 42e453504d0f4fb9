"""A storefront over a real database and a real cache, with a bus that remembers."""

import io
import logging
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from retail.observability import logger
from storefront.application import create_application
from storefront.resources import Resources
from tests.retail.shop import Shop
from tests.retail.shop import shop as shop
from tests.storefront.published import plain_resources, published


@pytest.fixture
def resources(shop: Shop, cache_url: str) -> Resources:
    """What the storefront works with."""
    resources = plain_resources(published(shop.conninfo, cache_url))
    resources.bus = shop.bus
    return resources


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    """A browser, with its cookies, on our own pages."""
    with browser(create_application(resources)) as client:
        yield client


@pytest.fixture
def stranger(client: TestClient) -> TestClient:
    """Somebody else, without those cookies."""
    return browser(client.app)


def browser(application: ASGIApp) -> TestClient:
    """A browser on our own pages."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    return TestClient(application, raise_server_exceptions=False, follow_redirects=False, headers=headers)


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Every line that is logged during the test, as it would reach CloudWatch."""
    lines = io.StringIO()
    watcher = logging.StreamHandler(lines)
    watcher.setFormatter(logger.registered_formatter)
    logger.addHandler(watcher)
    yield lines
    logging.getLogger(logger.name).removeHandler(watcher)
