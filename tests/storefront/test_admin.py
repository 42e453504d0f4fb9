"""The desk: what staff change is announced once, shown at once, and overwritten by nobody; strangers find nothing."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from storefront.admin_schemas import ProductEdit
from storefront.resources import Resources
from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import signed_in
from tests.storefront.desk import BROWSER, form_token
from tests.storefront.desk import staff as staff

MUG = {
    "sku": "MUG-1",
    "name": "Mug",
    "description": "Holds coffee.",
    "price": {"amount": "12.50", "currency": "USD"},
    "categories": ["kitchen"],
    "attributes": {"material": "Stoneware"},
    "picture": "mug",
    "tone": "sand",
}


@pytest.fixture(autouse=True)
def shelves(shop: Shop) -> None:
    """Two."""
    shop.rows("INSERT INTO categories (slug, name) VALUES ('kitchen', 'Kitchen'), ('table', 'Table')")


def _create(staff: TestClient, **changes: Any) -> dict[str, Any]:
    answer = staff.post("/api/admin/products", json=MUG | changes)
    assert answer.status_code == 201, answer.text
    product: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/admin/products/{product['id']}"
    return product


def _edit(staff: TestClient, product: dict[str, Any], **changes: Any) -> Any:
    names = ("name", "description", "price", "categories", "attributes", "picture", "tone", "active", "version")
    return staff.put(f"/api/admin/products/{product['id']}", json={name: product[name] for name in names} | changes)


def _adjust(staff: TestClient, product: dict[str, Any], change: int, *, id: UUID | None = None) -> Any:
    body = {"id": str(id or uuid4()), "change": change, "reason": "Counted"}
    return staff.post(f"/api/admin/products/{product['id']}/stock-adjustments", json=body)


def _announced(shop: Shop) -> list[tuple[str, dict[str, Any]]]:
    rows = shop.rows("SELECT source, detail_type, detail FROM outbox ORDER BY id")
    assert {row["source"] for row in rows} <= {"retail.catalog"}
    return [(row["detail_type"], row["detail"]["payload"]) for row in rows]


ADDRESSES = [
    ("GET", "/api/admin/products"),
    ("POST", "/api/admin/products"),
    ("GET", f"/api/admin/products/{uuid4()}"),
    ("PUT", f"/api/admin/products/{uuid4()}"),
    ("POST", f"/api/admin/products/{uuid4()}/stock-adjustments"),
    ("GET", "/api/admin/orders"),
    ("GET", f"/api/admin/orders/{uuid4()}"),
    ("POST", f"/api/admin/orders/{uuid4()}/shipment"),
    ("POST", f"/api/admin/orders/{uuid4()}/cancellation"),
    ("POST", f"/api/admin/orders/{uuid4()}/return"),
    ("GET", "/api/admin/categories"),
    ("POST", "/api/admin/categories"),
    ("GET", "/api/admin/categories/kitchen"),
    ("PUT", "/api/admin/categories/kitchen"),
    ("DELETE", "/api/admin/categories/kitchen"),
    ("GET", "/admin"),
    ("GET", "/admin/products"),
    ("GET", "/admin/products/new"),
    ("POST", "/admin/products"),
    ("GET", f"/admin/products/{uuid4()}"),
    ("POST", f"/admin/products/{uuid4()}"),
    ("POST", f"/admin/products/{uuid4()}/stock"),
    ("GET", "/admin/categories"),
    ("POST", "/admin/categories"),
    ("GET", "/admin/categories/kitchen"),
    ("POST", "/admin/categories/kitchen"),
    ("POST", "/admin/categories/kitchen/removal"),
    ("GET", "/admin/orders"),
    ("GET", "/admin/orders/find"),
    ("GET", f"/admin/orders/{uuid4()}"),
    ("POST", f"/admin/orders/{uuid4()}/shipment"),
    ("POST", f"/admin/orders/{uuid4()}/cancellation"),
    ("POST", f"/admin/orders/{uuid4()}/return"),
]


def test_strangers_and_customers_are_kept_out_everywhere(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    documented = {
        (method.upper(), path)
        for path, operations in client.get("/api/openapi.json").json()["paths"].items()
        for method in operations
        if path.startswith("/api/admin")
    }
    assert len(documented) == len([path for _, path in ADDRESSES if path.startswith("/api")])
    customer = signed_in(client, EMAIL)
    token = {"form_token": form_token(customer)}
    for method, path in ADDRESSES:
        for who, api, page in ((stranger, 401, 303), (customer, 403, 404)):
            form = token if method == "POST" and not path.startswith("/api") else None
            answer = who.request(method, path, headers=BROWSER, data=form)
            refused = (403, page) if who is stranger and method == "POST" else (page,)
            assert answer.status_code in ((api,) if path.startswith("/api") else refused), (method, path)
    assert shop.count("outbox") == 0


def test_a_new_product_is_announced_and_sold_at_once(staff: TestClient, shop: Shop) -> None:
    assert staff.get("/api/products").json()["items"] == staff.get("/api/categories").json()["items"][0:0]
    product = _create(staff)
    assert staff.get(f"/api/products/{product['id']}").json()["price"]["amount"] == "12.50"
    assert [item["name"] for item in staff.get("/api/products?category=kitchen").json()["items"]] == ["Mug"]
    assert staff.get("/api/search?q=stoneware").json()["total"] == 1
    assert staff.get("/images/MUG-1.svg").status_code == 200
    ((event, payload),) = _announced(shop)
    assert (event, payload["sku"], payload["categories"], payload["active"]) == (
        "ProductChanged", "MUG-1", ["kitchen"], True
    )  # fmt: skip
    again = staff.post("/api/admin/products", json=MUG)
    assert (again.status_code, again.json()["type"]) == (409, "urn:retail:problem:sku-taken")


def test_an_edit_is_seen_everywhere_at_once(staff: TestClient, shop: Shop) -> None:
    product = _create(staff)
    page = f"/products/{product['id']}"
    assert "$12.50" in staff.get(page).text
    assert "Mug" in staff.get("/images/MUG-1.svg").text
    edited = _edit(staff, product, name="Cup", price={"amount": "9.00", "currency": "USD"}, categories=["table"])
    assert (edited.status_code, edited.json()["version"]) == (200, 2)
    assert "$9.00" in staff.get(page).text
    assert "Cup" in staff.get("/images/MUG-1.svg").text
    assert staff.get("/api/products?category=kitchen").json()["total"] == 0
    assert staff.get("/api/products?category=table").json()["items"][0]["name"] == "Cup"
    assert [payload["name"] for _, payload in _announced(shop)] == ["Mug", "Cup"]


def test_what_is_taken_off_sale_is_gone_for_customers_and_there_for_staff(staff: TestClient, shop: Shop) -> None:
    product = _create(staff)
    _adjust(staff, product, 5)
    staff.put(f"/api/cart/items/{product['id']}", json={"quantity": 1}).raise_for_status()
    assert _edit(staff, product, active=False).status_code == 200
    assert staff.get(f"/products/{product['id']}").status_code == 404
    assert staff.get("/api/products").json()["total"] == 0
    cart = staff.get("/api/cart").json()
    assert (cart["items"], "not sold any more" in cart["notice"]) == ([], True)
    assert staff.get("/api/admin/products?q=mug").json()["items"][0]["active"] is False
    assert _announced(shop)[-1][1]["active"] is False


def test_two_people_cannot_overwrite_each_other_unseen(staff: TestClient, shop: Shop) -> None:
    product = _create(staff)
    _edit(staff, product, price={"amount": "20.00", "currency": "USD"}).raise_for_status()
    late = _edit(staff, product, name="Cup")
    assert (late.status_code, late.json()["type"]) == (409, "urn:retail:problem:version-conflict")
    assert {error["location"]: error["message"] for error in late.json()["errors"]} == {
        "name": "is 'Mug' now, wanted is 'Cup'",
        "price": "is USD 20.00 now, wanted is USD 12.50",
    }
    assert len(_announced(shop)) == 2


def test_an_edit_that_is_sent_twice_is_made_once(staff: TestClient, shop: Shop) -> None:
    product = _create(staff)
    for _ in range(2):
        assert _edit(staff, product, name="Cup").json()["version"] == 2
    assert len(_announced(shop)) == 2


def test_stock_is_corrected_once_however_often_it_is_asked(staff: TestClient, shop: Shop) -> None:
    product, adjustment = _create(staff), uuid4()
    first, second = (_adjust(staff, product, 7, id=adjustment) for _ in range(2))
    assert (first.status_code, second.json()) == (201, first.json())
    assert staff.get(f"/api/products/{product['id']}").json()["available"] == 7
    assert [payload["change"] for event, payload in _announced(shop) if event == "InventoryAdjusted"] == [7]
    other = _adjust(staff, product, 8, id=adjustment)
    assert (other.status_code, other.json()["type"]) == (409, "urn:retail:problem:adjustment-reused")
    staff_id = shop.rows("SELECT id FROM customers")[0]["id"]
    assert shop.rows("SELECT adjusted_by FROM stock_adjustments") == [{"adjusted_by": str(staff_id)}]


def test_pieces_that_are_promised_cannot_be_taken_away(staff: TestClient, shop: Shop) -> None:
    product = _create(staff)
    _adjust(staff, product, 5)
    shop.order({UUID(product["id"]): 3})
    refused = _adjust(staff, product, -3).json()
    assert refused["type"] == "urn:retail:problem:stock-out-of-bounds"
    assert refused["detail"].endswith("There are 5 pieces, 3 of them reserved: at most 2 can be taken away.")
    assert "at most 999,995 can be added" in _adjust(staff, product, 1_000_000).json()["detail"]
    assert _adjust(staff, product, -2).json()["inventory_count"] == 3
    assert _adjust(staff, product, 1_000_000).status_code == 409
    assert shop.stock(UUID(product["id"])) == (3, 3)


HALF_A_PAIR = base64.b64encode(b'["\\ud800", "00000000-0000-0000-0000-000000000001"]').decode()
WRONG_CONTENT: list[dict[str, Any]] = [
    {"sku": "mug 1"},
    {"name": ""},
    {"name": " "},
    {"name": "a\x01b"},
    {"name": "x" * 256},
    {"price": {"amount": "-1", "currency": "USD"}},
    {"price": {"amount": "100000000", "currency": "USD"}},
    {"price": {"amount": "1.005", "currency": "USD"}},
    {"price": {"amount": "10.00", "currency": "EUR"}},
    {"categories": ["boats"]},
    {"categories": ["kitchen", "kitchen"]},
    {"attributes": {"": "x"}},
    {"attributes": {"x": "\n"}},
    {"picture": "../frame"},
    {"tone": "neon"},
    {"colour": "red"},
]


def test_a_product_that_cannot_be_is_a_422_and_changes_nothing(staff: TestClient, shop: Shop) -> None:
    for wrong in WRONG_CONTENT:
        assert staff.post("/api/admin/products", json={**MUG, **wrong}).status_code == 422, wrong
    assert [shop.count("products"), shop.count("outbox")] == [0, 0]


def test_an_edit_changes_no_price_into_another_currency(staff: TestClient, shop: Shop) -> None:
    page = f"/api/admin/products/{shop.add_product()}"
    edit = {name: value for name, value in staff.get(page).json().items() if name in ProductEdit.model_fields}
    refused = staff.put(page, json=edit | {"price": {"amount": "10.00", "currency": "EUR"}})
    assert (refused.status_code, refused.json()["errors"][0]["location"]) == (422, "body.price")
    assert "USD" in refused.json()["errors"][0]["message"]
    assert staff.put(page, json=edit | {"price": {"amount": "10.00", "currency": "USD"}}).status_code == 200


def test_the_list_of_staff_is_paged_and_searched(staff: TestClient, shop: Shop) -> None:
    for number in range(60):
        shop.add_product(name=f"Mug {number:02}")
    shop.add_product(name="100% wool_sock")
    pages = [staff.get("/api/admin/products?q=mug").json()]
    pages.append(staff.get("/api/admin/products", params={"q": "mug", "after": pages[0]["next"]}).json())
    assert [item["name"] for page in pages for item in page["items"]] == [f"Mug {number:02}" for number in range(60)]
    assert pages[1]["next"] is None
    for text, found in (("%", 1), ("_", 1), ("\\", 0), ("wool", 1)):
        assert len(staff.get("/api/admin/products", params={"q": text}).json()["items"]) == found
    for after in ("x", "bm9wZQ==", "W10=", "é", HALF_A_PAIR):
        assert staff.get("/api/admin/products", params={"after": after}).status_code == 422


def test_the_desk_works_by_forms_alone(staff: TestClient, shop: Shop) -> None:
    form = {
        "sku": "CUP-1",
        "name": "Cup",
        "price": "9.5",
        "attributes": "Material: Clay\nSize: a : b",
        "picture": "mug",
    }
    form |= {"tone": "clay", "categories": "kitchen", "active": "true", "form_token": form_token(staff)}
    wrong = staff.post("/admin/products", data=form | {"price": "much"}, headers=BROWSER)
    assert wrong.status_code == 422
    assert 'value="much" aria-invalid="true"' in wrong.text
    made = staff.post("/admin/products", data=form)
    assert made.status_code == 303
    page = made.headers["location"].partition("?")[0]
    assert "Saved" in staff.get(made.headers["location"]).text
    assert staff.get("/api/search?q=cup").json()["items"][0]["attributes"] == {"Material": "Clay", "Size": "a : b"}
    assert staff.post(page, data=form | {"version": "1", "name": "Beaker"}).status_code == 303
    late = staff.post(page, data=form | {"version": "1", "name": "Goblet"}, headers=BROWSER)
    assert late.status_code == 409
    assert "Beaker" in late.text
    assert 'name="version" value="2"' in late.text
    assert staff.post(page, data=form | {"version": "2", "name": "Goblet"}).status_code == 303
    stock = {"id": str(uuid4()), "change": "4", "reason": "Delivery", "form_token": form["form_token"]}
    for _ in range(2):
        assert staff.post(f"{page}/stock", data=stock).status_code == 303
    assert "Delivery" in staff.get(page).text
    assert staff.post(f"{page}/stock", data=stock | {"change": "0"}, headers=BROWSER).status_code == 422


def test_the_account_leads_staff_to_the_desk_and_nobody_else(
    staff: TestClient, stranger: TestClient, shop: Shop
) -> None:
    assert 'href="/admin"' in staff.get("/account").text
    assert 'href="/admin"' not in signed_in(stranger, "other@example.com").get("/account").text


def test_without_a_cache_a_change_is_kept_and_shown_once_its_event_is_handled(
    staff: TestClient, shop: Shop, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = _create(staff)
    monkeypatch.setattr(resources.cache.connection_pool, "connection_kwargs", {"host": "127.0.0.1", "port": 1})
    resources.cache.connection_pool.disconnect()
    assert _edit(staff, product, name="Cup").status_code == 200
    assert shop.rows("SELECT name FROM products") == [{"name": "Cup"}]
