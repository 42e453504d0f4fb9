"""The desk for tests: somebody who works there, and what a browser sends."""

import pytest
from fastapi.testclient import TestClient

from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import signed_in

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def staff(client: TestClient, shop: Shop) -> TestClient:
    """Somebody who works here, signed in, in a shop without shelves."""
    signed_in(client, EMAIL)
    shop.rows("UPDATE customers SET is_staff = true")
    return client


def form_token(client: TestClient) -> str:
    """What the forms of this browser's session carry."""
    page = client.get("/account").text
    return page.split('name="form_token" value="')[1].split('"')[0]
