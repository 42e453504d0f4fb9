"""Promise: a request decides nothing but what it is meant to: not by its host, not by a method in a header."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.retail.shop import CHECKOUT, EMAIL, Shop
from tests.storefront.account import PASSWORD, register, signed_in

EVIL = "evil.example"
PROXY_HEADERS = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Original-URL": "/api/admin/orders",
    "X-Rewrite-URL": "/api/admin/orders",
    "Forwarded": f"host={EVIL}",
}


@pytest.mark.parametrize("path", ["/", "/cart", "/cart/", "/api/products/", "/account/", "/checkout", "/nothing"])
def test_no_address_in_an_answer_comes_from_the_request(client: TestClient, shop: Shop, path: str) -> None:
    for name, value in PROXY_HEADERS.items():
        answer = client.get(path, headers={name: value})
        assert EVIL not in answer.text
        assert EVIL not in str(answer.headers)


@pytest.mark.parametrize("path", ["/", "/api/products", "/api/categories"])
def test_what_is_kept_for_everybody_holds_nothing_of_whom_it_was_made_for(
    client: TestClient, shop: Shop, path: str
) -> None:
    shop.add_product()
    signed_in(client, EMAIL)
    plain = client.get(path)
    if "public" not in plain.headers["cache-control"]:
        assert "no-store" in plain.headers["cache-control"] or "private" in plain.headers["cache-control"]
        return
    odd = client.get(path, headers=PROXY_HEADERS | {"X-Correlation-Id": "somebody-elses-id"})
    assert odd.text == plain.text
    assert "set-cookie" not in odd.headers
    assert "Kim" not in odd.text


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_in_a_header_or_a_field_is_no_method(client: TestClient, shop: Shop, name: str) -> None:
    mug = shop.add_product()
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
    client.get("/api/cart", headers={name: "DELETE"})
    client.get(f"/api/cart/items/{mug}", headers={name: "DELETE"})
    client.get(f"/api/cart/items/{mug}?_method=DELETE")
    assert client.get("/api/cart").json()["pieces"] == 1


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG"])
def test_a_method_nobody_knows_is_refused(client: TestClient, method: str) -> None:
    answer = client.request(method, "/api/cart")
    assert answer.status_code in (400, 405)


def test_looking_changes_nothing(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
    for path in (f"/cart/items/{mug}/add", f"/cart/items/{mug}/remove", "/account/sign-out", f"/api/cart/items/{mug}"):
        assert client.get(path).status_code in (404, 405)
        assert client.head(path).status_code in (404, 405)
    assert client.get("/api/cart").json()["pieces"] == 1
    assert shop.count("orders") == 0


@pytest.mark.parametrize(
    "wanted",
    [
        f"https://{EVIL}",
        f"//{EVIL}",
        f"/\\{EVIL}",
        f"\\\\{EVIL}",
        f"/%09/{EVIL}",
        f"\t//{EVIL}",
        f"/\t/{EVIL}",
        f"https:{EVIL}",
        "javascript:alert(1)",
        f"/account/../../{EVIL}//",
        f"http://shop.example@{EVIL}/",
    ],
)
def test_signing_in_leads_to_no_other_site(client: TestClient, shop: Shop, wanted: str) -> None:
    register(client, EMAIL)
    answer = client.post("/account/sign-in", data={"email": EMAIL, "password": PASSWORD, "next": wanted})
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\", "/\t"))
    assert "javascript" not in location.partition("?")[0]


def test_an_order_of_another_customer_cannot_be_told_from_none(
    client: TestClient, stranger: TestClient, shop: Shop
) -> None:
    signed_in(client, EMAIL)
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1})
    order = client.post("/api/orders", json=CHECKOUT).json()["id"]
    nothing = "00000000-0000-4000-8000-000000000000"
    signed_in(stranger, "other.example@example.com")
    for path in ("/api/orders/{}", "/orders/{}"):
        theirs, none = stranger.get(path.format(order)), stranger.get(path.format(nothing))
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert theirs.text.replace(order, nothing) == none.text
    assert stranger.get("/api/orders").json()["items"] == []
    assert stranger.post(f"/api/admin/orders/{order}/shipment", json={}).status_code == 403
    for path in ("/admin", "/admin/orders", "/admin/products", "/api/admin/products", "/api/admin/orders"):
        assert stranger.get(path).status_code in (403, 404)
