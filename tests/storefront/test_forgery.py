"""Nothing changes because another site wants it to."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from tests.retail.shop import CHECKOUT, EMAIL, FORM, Shop
from tests.storefront.account import PASSWORD, register, signed_in


@pytest.fixture
def old_browser(client: TestClient, shop: Shop) -> TestClient:
    """A browser that says nothing about where a request comes from, with something in its cart."""
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    del client.headers["sec-fetch-site"]
    return client


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8080"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {},
    ],
)
def test_a_form_of_another_site_changes_nothing(old_browser: TestClient, shop: Shop, headers: dict[str, str]) -> None:
    refused = old_browser.post("/checkout", data=FORM, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:retail:problem:forged-request")
    product = shop.rows("SELECT id FROM products")[0]["id"]
    assert old_browser.post(f"/cart/items/{product}/remove", headers=headers).status_code == 403
    assert old_browser.get("/api/cart").json()["pieces"] == 1
    assert shop.count("orders") == 0


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://testserver"}]
)
def test_a_form_of_ours_does(old_browser: TestClient, shop: Shop, headers: dict[str, str]) -> None:
    assert old_browser.post("/checkout", data=FORM, headers=headers).status_code == 303


def test_a_browser_that_says_nothing_is_believed_by_the_token_of_its_session(
    old_browser: TestClient, stranger: TestClient, shop: Shop
) -> None:
    token = re.findall(r'name="form_token" value="(\w+)"', old_browser.get("/checkout").text)[0]
    stranger.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1})
    del stranger.headers["sec-fetch-site"]
    for guess in ("", "x", "é", token[:-1]):
        assert old_browser.post("/checkout", data=FORM | {"form_token": guess}).status_code == 403
    assert stranger.post("/checkout", data=FORM | {"form_token": token}).status_code == 403
    assert old_browser.post("/checkout", data=FORM | {"form_token": token}).status_code == 303
    assert shop.count("orders") == 1


def test_a_form_that_cannot_be_read_is_refused(old_browser: TestClient, shop: Shop) -> None:
    endless = {"Content-Type": "application/x-www-form-urlencoded"}
    assert old_browser.post("/checkout", content=b"a=1&" * 2000, headers=endless).status_code == 400
    assert shop.count("orders") == 0


def test_every_form_of_the_shop_carries_the_token(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    signed_in(client, EMAIL)
    for path in (f"/products/{mug}", "/cart", "/checkout", "/account", "/account/register"):
        page = client.get(path).text
        forms = re.findall(r'<form [^>]*method="post".*?</form>', page, re.DOTALL)
        assert forms, path
        for form in forms:
            assert 'name="form_token"' in form, path


def test_nobody_is_signed_in_under_another_name(client: TestClient, shop: Shop) -> None:
    register(client, EMAIL)
    form = {"email": EMAIL, "password": PASSWORD}
    del client.headers["sec-fetch-site"]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post("/account/sign-in", data=form, headers=headers).status_code == 403
    assert client.post("/account/sign-in", data=form).status_code == 403
    assert client.post("/api/session", data=form).status_code == 415


def test_whom_we_do_not_know_yet_may_begin_a_cart_with_any_browser(client: TestClient, shop: Shop) -> None:
    del client.headers["sec-fetch-site"]
    assert client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1}).status_code == 303


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/x"]
)
def test_the_api_takes_json_only_which_no_form_can_send(old_browser: TestClient, shop: Shop, kind: str) -> None:
    body = json.dumps(CHECKOUT)
    refused = old_browser.post("/api/orders", content=body, headers={"Content-Type": kind})
    assert refused.status_code == 415
    assert shop.count("orders") == 0


def test_the_api_is_not_called_from_another_site(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/orders", json=CHECKOUT, headers=foreign).status_code == 403
    assert client.delete(f"/api/cart/items/{mug}", headers=foreign).status_code == 403
    assert (
        client.get("/api/cart", headers={"Origin": "https://evil.example"}).headers.get("access-control-allow-origin")
        is None
    )


def test_a_program_needs_no_browser(old_browser: TestClient, shop: Shop) -> None:
    assert old_browser.post("/api/orders", json=CHECKOUT).status_code == 201
    assert old_browser.delete("/api/session").status_code == 204
