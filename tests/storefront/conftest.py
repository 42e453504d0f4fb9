"""A storefront over a real database and a real cache, with a bus that remembers."""

import io
import logging
import re
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
    with _browser(create_application(resources)) as client:
        yield client


@pytest.fixture
def stranger(client: TestClient) -> TestClient:
    """Somebody else, without those cookies."""
    return _browser(client.app)


def _browser(application: ASGIApp) -> TestClient:
    headers = {"Sec-Fetch-Site": "same-origin"}
    return TestClient(application, raise_server_exceptions=False, follow_redirects=False, headers=headers)


# What would be somebody's: an e-mail address, a card number, a card's token, a password or a session id of these tests.
PRIVATE = re.compile(
    r"[\w.+-]+@[\w-]+\.[a-z]{2,}|\b\d{13,19}\b|tok_[a-z0-9]|seven purple wagons|wrong (?:password|guess)|"
    r"[gc][\w-]{43}\.[\w-]+\.[\w-]{20,}|\$argon2",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def logs() -> Iterator[io.StringIO]:
    """Every line that is logged during the test, as it would reach CloudWatch; in no test is anything private in it."""
    lines = io.StringIO()
    watcher = logging.StreamHandler(lines)
    watcher.setFormatter(logger.registered_formatter)
    logger.addHandler(watcher)
    yield lines
    logging.getLogger(logger.name).removeHandler(watcher)
    found = PRIVATE.search(lines.getvalue())
    assert found is None, f"the log holds {found}"
