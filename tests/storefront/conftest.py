"""A storefront over a real database and a real cache, with a bus that remembers."""

import io
import logging
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from retail import cache, idempotency, recommendations
from retail.observability import logger
from storefront import announcements, ending, pool, relay
from storefront.application import create_application
from storefront.resources import Resources
from tests.retail.shop import Shop
from tests.retail.shop import shop as shop
from tests.storefront.published import plain_resources, published

SECONDS = 30.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets no turn on a busy machine for some seconds is not given up; what tests that says how soon."""
    for module, name in (
        (cache, "TIMEOUT_SECONDS"),
        (pool, "PATIENCE_SECONDS"),
        (idempotency, "SECONDS_FOR_ANOTHER"),
        (recommendations, "BUDGET_SECONDS"),
        (announcements, "SECONDS_TO_STOP"),
        (relay, "SECONDS_TO_STOP"),
    ):
        monkeypatch.setattr(module, name, SECONDS)
    monkeypatch.setattr(ending, "SECONDS_TO_PUT_AWAY", 3 * SECONDS)


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
