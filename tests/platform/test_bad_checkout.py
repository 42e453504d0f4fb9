"""What cannot be ordered is refused with a reason, and leaves no order and no event behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from tests.platform.deployed import Deployed
from tests.retail.shop import CHECKOUT

CUSTOMER = CHECKOUT | {"email": "customer@example.com"}


def traces(platform: Deployed) -> list[dict[str, Any]]:
    """How many orders, reservations and events there are."""
    return platform.rows(
        "SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM reservations) AS reservations,"
        " (SELECT count(*) FROM outbox WHERE detail_type = 'OrderPlaced') AS events"
    )


def empty_cart(shop: httpx.Client) -> httpx.Response:
    return shop.post("/api/orders", json=CUSTOMER)


def unknown_product(shop: httpx.Client) -> httpx.Response:
    return shop.put(f"/api/cart/items/{uuid4()}", json={"quantity": 1})


def quantity_of_zero(shop: httpx.Client) -> httpx.Response:
    product = shop.get("/api/products").json()["items"][0]
    return shop.put(f"/api/cart/items/{product['id']}", json={"quantity": 0})


def more_than_the_stock(shop: httpx.Client) -> httpx.Response:
    product = min(shop.get("/api/products").json()["items"], key=lambda item: int(item["available"]))
    shop.put(f"/api/cart/items/{product['id']}", json={"quantity": product["available"] + 1}).raise_for_status()
    return shop.post("/api/orders", json=CUSTOMER)


@pytest.mark.parametrize(
    ("attempt", "status"),
    [(empty_cart, 409), (unknown_product, 404), (quantity_of_zero, 422), (more_than_the_stock, 409)],
)
def test_a_checkout_that_cannot_be_is_a_problem_without_order_or_event(
    platform: Deployed, attempt: Callable[[httpx.Client], httpx.Response], status: int
) -> None:
    before = traces(platform)
    answer = attempt(platform.shop())
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert traces(platform) == before
