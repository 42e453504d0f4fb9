"""The JSON API."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from retail.bus import BusEntry
from tests.retail.shop import CHECKOUT, EMAIL, FORM, Shop
from tests.storefront.waiting import eventually

CORRELATION_ID = "7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11"


def _put(client: TestClient, product_id: UUID, quantity: Any) -> Response:
    return client.put(f"/api/cart/items/{product_id}", json={"quantity": quantity})


def _assert_problem(response: Response, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert {"type", "title", "detail", "instance"} <= problem.keys()
    return problem


def _told_of_orders(shop: Shop) -> list[BusEntry]:
    """What went into the cart is told whenever it suits."""
    return [entry for entry in shop.bus.entries if entry.detail_type != "ProductAddedToCart"]


def _assert_nothing_ordered(shop: Shop) -> None:
    assert [shop.count(table) for table in ("orders", "reservations", "outbox")] == [0, 0, 0]
    assert _told_of_orders(shop) == []


def test_an_order_is_confirmed_at_once_and_its_events_follow(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(price="12.50")
    assert _put(client, mug, 2).json()["total"] == {"amount": "25.00", "currency": "USD"}
    response = client.post("/api/orders", json=CHECKOUT, headers={"X-Correlation-Id": CORRELATION_ID})
    order = response.json()
    assert (response.status_code, order["status"], order["total"]["amount"]) == (201, "PENDING", "25.00")
    assert response.headers["location"] == f"/api/orders/{order['id']}"
    assert client.get("/api/cart").json()["items"] == []
    assert client.get(f"/api/orders/{order['id']}").json() == order
    eventually(lambda: len(_told_of_orders(shop)) >= 2, "both events follow")
    told = _told_of_orders(shop)
    assert [entry.detail_type for entry in told] == ["OrderPlaced", "InventoryReserved"]
    assert {entry.detail["correlation_id"] for entry in told} == {CORRELATION_ID}


def test_a_bus_that_is_away_delays_no_confirmation_and_loses_no_event(client: TestClient, shop: Shop) -> None:
    shop.bus.fail_with = ConnectionError("away")
    _put(client, shop.add_product(), 1)
    assert client.post("/api/orders", json=CHECKOUT).status_code == 201
    shop.bus.fail_with = None
    due = {"OrderPlaced", "InventoryReserved"}
    eventually(lambda: due <= {entry.detail_type for entry in shop.bus.entries}, "both events follow")


def test_an_order_is_shown_to_its_session_only(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    _put(client, shop.add_product(), 1)
    order_id = client.post("/api/orders", json=CHECKOUT).json()["id"]
    _assert_problem(stranger.get(f"/api/orders/{order_id}"), 404)
    stranger.cookies.set("session", "x" * 43)
    _assert_problem(stranger.get(f"/api/orders/{order_id}"), 404)
    assert stranger.get(f"/orders/{order_id}").status_code == 404
    assert client.get(f"/api/orders/{order_id}").status_code == 200


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**30, "two", "2", 1.5, True, None, [1], {}])
def test_an_absurd_quantity_is_a_422_and_changes_no_cart(client: TestClient, shop: Shop, quantity: Any) -> None:
    mug = shop.add_product()
    problem = _assert_problem(_put(client, mug, quantity), 422)
    assert problem["errors"][0]["location"] == "body.quantity"
    assert client.get("/api/cart").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        CHECKOUT | {"email": "nobody"},
        {"email": EMAIL},
        CHECKOUT | {"payment_token": "4242424242424242"},
        CHECKOUT | {"email": "a@" + "b" * 300 + ".com"},
        CHECKOUT | {"price": "0.01"},
        [],
        "text",
        None,
    ],
)
def test_a_bad_checkout_is_a_422_that_repeats_nothing_and_orders_nothing(
    client: TestClient, shop: Shop, body: Any
) -> None:
    _put(client, shop.add_product(), 1)
    response = client.post("/api/orders", json=body)
    _assert_problem(response, 422)
    assert "4242" not in response.text
    assert EMAIL not in response.text
    _assert_nothing_ordered(shop)


def test_broken_json_is_a_422(client: TestClient, shop: Shop) -> None:
    _assert_problem(client.post("/api/orders", content=b"{", headers={"Content-Type": "application/json"}), 422)
    _assert_nothing_ordered(shop)


def test_an_empty_cart_is_a_409(client: TestClient, shop: Shop) -> None:
    assert _assert_problem(client.post("/api/orders", json=CHECKOUT), 409)["type"] == "urn:retail:problem:empty-cart"
    _assert_nothing_ordered(shop)


def test_more_than_the_stock_is_a_409_that_says_what_is_left(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(stock=3)
    _put(client, mug, 4)
    problem = _assert_problem(client.post("/api/orders", json=CHECKOUT), 409)
    assert (problem["type"], problem["detail"]) == (
        "urn:retail:problem:insufficient-stock",
        "Mug: 4 wanted, only 3 left.",
    )
    _assert_nothing_ordered(shop)
    assert client.get("/api/cart").json()["pieces"] == 4


@pytest.mark.parametrize(
    ("price", "total"),
    [("99999999.99", "USD 19,799,999,998.02"), ("5500.00", "USD 1,089,000.00"), ("0.00", "USD 0.00")],
)
def test_a_cart_that_no_card_can_pay_for_is_shown_and_not_ordered(
    client: TestClient, shop: Shop, price: str, total: str
) -> None:
    for _ in range(2):
        product = shop.add_product(price=price, stock=1000)
        assert client.put(f"/api/cart/items/{product}", json={"quantity": 99}).status_code == 200
    assert client.get("/api/cart").json()["pieces"] == 198
    assert total.removeprefix("USD ") in client.get("/cart").text
    refused = client.post("/api/orders", json=CHECKOUT)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:retail:problem:total-not-chargeable")
    for page in (client.get("/checkout"), client.post("/checkout", data=FORM)):
        assert (page.status_code, f"Your cart is {total}" in page.text, "Remove" in page.text) == (409, True, True)
    assert shop.count("orders") == 0


def test_an_unknown_product_is_a_404(client: TestClient, shop: Shop) -> None:
    for response in (_put(client, uuid4(), 1), client.get(f"/api/products/{uuid4()}")):
        assert _assert_problem(response, 404)["type"] == "urn:retail:problem:unknown-product"


def test_a_product_that_vanished_after_it_was_put_into_the_cart_is_a_404(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    _put(client, mug, 1)
    shop.rows("DELETE FROM products")
    _assert_problem(client.post("/api/orders", json=CHECKOUT), 404)
    _assert_nothing_ordered(shop)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing", 404),
        ("POST", "/api/products", 405),
        ("DELETE", "/api/orders", 405),
        ("GET", "/api/products/no-id", 422),
        ("GET", "/api/orders/7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11", 404),
        ("GET", "/images/NO-SKU.svg", 404),
        ("GET", "/static/1/..%2f__main__.py", 404),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, path: str, status: int) -> None:
    _assert_problem(client.request(method, path), status)


def test_a_product_leaves_the_cart_and_leaving_twice_is_fine(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    _put(client, mug, 3)
    for _ in range(2):
        assert client.delete(f"/api/cart/items/{mug}").json() == {
            "items": [],
            "pieces": 0,
            "total": None,
            "notice": None,
        }


def test_the_description_of_the_api_is_openapi_3_1_and_names_the_problems(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    assert set(description["paths"]) == {
        "/api/products",
        "/api/products/{product_id}",
        "/api/products/{product_id}/recommendations",
        "/api/search",
        "/api/categories",
        "/api/cart",
        "/api/cart/items/{product_id}",
        "/api/orders",
        "/api/orders/{order_id}",
        "/api/orders/{order_id}/cancellation",
        "/api/customers",
        "/api/session",
        "/api/account/sessions",
        "/api/account/password",
        "/api/account/deletion",
        "/api/admin/products",
        "/api/admin/products/{product_id}",
        "/api/admin/products/{product_id}/stock-adjustments",
        "/api/admin/categories",
        "/api/admin/categories/{slug}",
        "/api/admin/orders",
        "/api/admin/orders/{order_id}",
        "/api/admin/orders/{order_id}/shipment",
        "/api/admin/orders/{order_id}/cancellation",
        "/api/admin/orders/{order_id}/return",
    }
    scheme = {"type": "apiKey", "in": "cookie", "name": "__Host-session"}
    assert scheme.items() <= description["components"]["securitySchemes"]["session"].items()
    assert description["paths"]["/api/cart"]["get"]["security"] == [{"session": []}, {}]
    assert "security" not in description["paths"]["/api/products"]["get"]
    conflict = description["paths"]["/api/orders"]["post"]["responses"]["409"]["content"]
    reference = conflict["application/problem+json"]["schema"]["$ref"].removeprefix("#/components/schemas/")
    assert "detail" in description["components"]["schemas"][reference]["properties"]
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_an_address_that_does_not_know_the_method_names_all_it_knows(client: TestClient) -> None:
    refused = client.patch(f"/api/cart/items/{uuid4()}")
    _assert_problem(refused, 405)
    assert refused.headers["allow"] == "DELETE, PUT"


def test_an_order_that_names_its_total_is_placed_for_that_only(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(price="12.50")
    _put(client, mug, 2)
    total = client.get("/api/cart").json()["total"]
    shop.rows("UPDATE products SET price = 12.51")
    problem = _assert_problem(client.post("/api/orders", json=CHECKOUT | {"expected_total": total}), 409)
    assert problem["type"] == "urn:retail:problem:total-changed"
    assert (shop.count("orders"), shop.stock(mug)) == (0, (10, 0))
    now = {"amount": "25.02", "currency": "USD"}
    assert client.post("/api/orders", json=CHECKOUT | {"expected_total": now}).json()["total"] == now
