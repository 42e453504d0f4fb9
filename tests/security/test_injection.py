"""Promise: what a customer types is never code: not SQL, not HTML, not a header, not a path."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from tests.retail.shop import EMAIL, FORM, Shop
from tests.storefront.account import PASSWORD, register, sign_in

SQL = (
    "'",
    "' OR '1'='1",
    "'; DROP TABLE products; --",
    "1 UNION SELECT email FROM customers",
    "\\'; SELECT pg_sleep(9); --",
    "%' AND 1=(SELECT 1/0) --",
    "$$; SELECT 1; $$",
    "a & | ! ( ) : * <->",
)
SCRIPT = '<script>alert("x")</script>'
ATTRIBUTE = '" onmouseover="alert(1)'
TEMPLATE = "{{ 1234 * 5678 }}{% raw %}"


@pytest.mark.parametrize("text", SQL)
def test_sql_is_looked_for_and_never_run(client: TestClient, shop: Shop, text: str) -> None:
    shop.add_product(name="Mug")
    sent = quote(text)
    for path in (f"/api/search?q={sent}", f"/search?q={sent}"):
        assert client.get(path).status_code == 200, path
    for path in (
        f"/api/products?category={sent}",
        f"/api/products?sort={sent}",
        f"/api/products?min_price={sent}",
        f"/api/products?cursor={sent}",
        f"/api/products/{sent}",
        f"/api/orders/{sent}",
        f"/api/cart/items/{sent}",
        f"/categories/{sent}",
        f"/products/{sent}",
        f"/images/{sent}.svg",
    ):
        assert client.get(path).status_code in (400, 404, 405, 422), path
    for headers in ({"X-Correlation-Id": text}, {"If-None-Match": text}, {"Accept-Language": text}):
        assert client.get("/api/products", headers=headers).status_code == 200
    assert client.get("/api/cart", headers={"Cookie": f"session={sent}; cart={sent}"}).json()["items"] == []
    assert sign_in(client, EMAIL, text).status_code in (401, 422)
    assert sign_in(client, f"{text}@example.com").status_code in (401, 422)
    assert shop.count("products") == 1
    assert shop.count("customers") == 0


@pytest.mark.parametrize("text", [SCRIPT, ATTRIBUTE, TEMPLATE, "javascript:alert(1)", "</title><svg onload=alert(1)>"])
def test_html_is_shown_as_it_was_typed_wherever_it_comes_from(client: TestClient, shop: Shop, text: str) -> None:
    mug = shop.add_product(name=text)
    shop.rows(
        "UPDATE products SET description = %s, attributes = %s WHERE id = %s", text, json.dumps({text: text}), mug
    )
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    pages = [client.get(path) for path in ("/", f"/products/{mug}", "/cart", "/checkout", f"/search?q={quote(text)}")]
    pages.append(client.post("/checkout", data={"payment_token": text, **dict.fromkeys(FORM, text)}))
    pages.append(client.post("/account/sign-in", data={"email": text, "password": text, "next": text}))
    pages.append(client.post("/account/register", data={"email": text, "name": text, "password": PASSWORD}))
    pages.append(client.get(f"/{quote(text)}", headers={"Accept": "text/html"}))
    pages.append(client.get(f"/account/sign-in?next={quote(text)}"))
    for page in pages:
        assert page.status_code < 500
        for live in (SCRIPT, ATTRIBUTE, "<svg onload", "7006652", 'href="javascript:'):
            assert live not in page.text.replace(quote(text), ""), f"{page.request.method} {page.request.url.path}"


@pytest.mark.parametrize("text", [SCRIPT, "</text><script>alert(1)</script>", '"><script>'])
def test_a_picture_holds_no_script(client: TestClient, shop: Shop, text: str) -> None:
    mug = shop.add_product(name=text)
    sku = shop.rows("SELECT sku FROM products WHERE id = %s", mug)[0]["sku"]
    for attributes in ({"picture": text, "tone": text}, {"picture": "mug", "tone": text}):
        shop.rows("UPDATE products SET attributes = %s", json.dumps(attributes))
        picture = client.get(f"/images/{sku}.svg")
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert "<script" not in picture.text
        assert "default-src 'none'" in picture.headers["content-security-policy"]


def test_nobody_is_called_by_html(client: TestClient, shop: Shop) -> None:
    wanted = {"email": EMAIL, "name": SCRIPT, "password": PASSWORD}
    assert client.post("/api/customers", json=wanted).status_code == 422
    register(client, EMAIL)
    shop.rows("UPDATE customers SET name = %s", SCRIPT)  # however it got there
    assert sign_in(client, EMAIL).status_code == 204
    page = client.get("/account").text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("text", ["x\r\nSet-Cookie: session=planted", "x\nX-Planted: 1", "%0d%0aSet-Cookie:%20a=b"])
def test_no_header_is_planted(client: TestClient, text: str) -> None:
    for answer in (
        client.get("/api/products", headers={"X-Correlation-Id": text.replace("\r", "").replace("\n", "")}),
        client.get(f"/account/sign-in?next={quote(text)}"),
        client.get(f"/{quote(text)}"),
        client.get(f"/orders/{quote(text)}"),
    ):
        assert "x-planted" not in answer.headers
        assert "planted" not in answer.headers.get("set-cookie", "")
        assert "\n" not in "".join(answer.headers.values())


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/v/..%2f..%2f..%2fetc%2fpasswd",
        "/static/v/%2e%2e%2f%2e%2e%2f__main__.py",
        "/static/v/%252e%252e%252f__main__.py",
        "/static/v/..%5c..%5csettings.py",
        "/static/%2e%2e/pages.py",
        "/static/v//etc/passwd",
        "/static/v/shop.css%00.svg",
        "/images/..%2f..%2fapplication.py.svg",
        "/images/%2e%2e%2fstatic%2ficon.svg",
        "/images/%252e%252e%252ficon.svg",
    ],
)
def test_no_path_leads_to_a_file_that_is_not_for_customers(client: TestClient, shop: Shop, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    for inside in ("root:", "import ", "password"):
        assert inside not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"quantity":' * 20_000,
        b'{"quantity": 1' + b"0" * 100_000 + b"}",
        b'{"quantity": NaN}',
        b'{"quantity": Infinity}',
        b'{"quantity": 1e400}',
        b'{"quantity": -0.0}',
        b'{"quantity": "\\ud800"}',
        b'{"quantity": 1, "quantity": 1, "__proto__": {}}',
        b"\xff\xfe",
        b"null",
    ],
    ids=lambda body: body[:20].decode(errors="replace"),
)
def test_a_bomb_of_json_is_refused_at_once(client: TestClient, shop: Shop, body: bytes) -> None:
    mug = shop.add_product()
    answer = client.put(f"/api/cart/items/{mug}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/cart").json()["items"] == []


def test_what_is_refused_for_its_form_is_never_quoted(client: TestClient) -> None:
    for answer in (register(client, SCRIPT), sign_in(client, SCRIPT), sign_in(client, EMAIL, "\u202e" * 2000)):
        assert answer.status_code == 422
        assert "script" not in answer.text
        assert "\\u202e" not in answer.text
