"""Shelves on the desk: a new shop gets its first one, all see a change at once, nobody overwrites or loses anything."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from retail.catalog_admin import ProductContent, create_product
from retail.category_admin import remove_category
from retail.database import Connection, SingleConnection
from retail.errors import CategoryInUseError
from retail.money import Money
from storefront.resources import Resources
from tests.retail.shop import Shop
from tests.storefront.desk import BROWSER
from tests.storefront.desk import staff as staff
from tests.storefront.waiting import blocked, eventually

PATH = "/api/admin/categories"
TOOLS = {"slug": "tools", "name": "Tools", "description": "For the garden.", "position": 2, "cover_sku": None}


def _create(staff: TestClient, **changes: Any) -> dict[str, Any]:
    answer = staff.post(PATH, json=TOOLS | changes)
    assert answer.status_code == 201, answer.text
    category: dict[str, Any] = answer.json()
    assert staff.get(answer.headers["location"]).json() == category
    return category


def _edit(staff: TestClient, category: dict[str, Any], **changes: Any) -> Any:
    names = ("name", "description", "position", "cover_sku", "version")
    return staff.put(f"{PATH}/{category['slug']}", json={name: category[name] for name in names} | changes)


def _shelves(client: TestClient) -> list[str]:
    return [category["name"] for category in client.get("/api/categories").json()["items"]]


def test_a_shop_without_shelves_gets_its_first_and_a_product_on_it(staff: TestClient) -> None:
    assert _shelves(staff) == []
    assert staff.get("/categories/tools").status_code == 404
    _create(staff)
    product = {"sku": "SPADE", "name": "Spade", "price": {"amount": "9.00", "currency": "USD"}, "categories": ["tools"]}
    assert staff.post("/api/admin/products", json=product).status_code == 201
    assert _shelves(staff) == ["Tools"]
    assert "Spade" in staff.get("/categories/tools").text
    assert staff.get(PATH).json()["items"][0]["products"] == 1
    assert staff.get("/api/admin/products?q=tools").json()["items"][0]["name"] == "Spade"


def test_a_new_name_place_and_cover_are_seen_at_once_under_the_same_address(staff: TestClient, shop: Shop) -> None:
    tools, _ = _create(staff), _create(staff, slug="seeds", name="Seeds", position=3)
    shop.add_product()
    shop.rows("UPDATE products SET sku = 'SPADE'")
    assert _shelves(staff) == ["Tools", "Seeds"]
    home = staff.get("/").text
    assert home.index("Tools") < home.index("Seeds")
    edited = _edit(staff, tools, name="Garden tools", position=9, cover_sku="SPADE")
    assert (edited.status_code, edited.json()["version"]) == (200, 2)
    assert _shelves(staff) == ["Seeds", "Garden tools"]
    home = staff.get("/").text
    assert home.index("Seeds") < home.index("Garden tools")
    assert "/images/SPADE.svg" in home
    assert "Garden tools" in staff.get("/categories/tools").text


def test_two_people_cannot_overwrite_each_other_and_once_is_enough(staff: TestClient) -> None:
    tools = _create(staff)
    for _ in range(2):
        assert _edit(staff, tools, name="Garden tools").json()["version"] == 2
    late = _edit(staff, tools, position=7)
    assert (late.status_code, late.json()["type"]) == (409, "urn:retail:problem:version-conflict")
    assert {error["location"]: error["message"] for error in late.json()["errors"]} == {
        "name": "is 'Garden tools' now, wanted is 'Tools'",
        "position": "is 2 now, wanted is 7",
    }


def test_names_and_addresses_are_there_once(staff: TestClient) -> None:
    tools, seeds = _create(staff), _create(staff, slug="seeds", name="Seeds")
    for taken in ({"name": "Other"}, {"slug": "other"}):
        again = staff.post(PATH, json=TOOLS | taken)
        assert (again.status_code, again.json()["type"]) == (409, "urn:retail:problem:category-taken")
    assert _edit(staff, seeds, name="Tools").status_code == 409
    assert _edit(staff, tools).json() == tools


WRONG: list[dict[str, Any]] = [
    {"slug": "Garden tools"},
    {"slug": ""},
    {"name": " "},
    {"name": "x" * 101},
    {"position": -1},
    {"position": 10_000},
    {"description": "x" * 1001},
    {"cover_sku": "NOT-THERE"},
    {"cover_sku": "../x"},
    {"colour": "red"},
]


def test_a_category_that_cannot_be_is_a_422_and_changes_nothing(staff: TestClient, shop: Shop) -> None:
    for wrong in WRONG:
        assert staff.post(PATH, json=TOOLS | wrong).status_code == 422, wrong
    assert shop.count("categories") == 0


def test_only_an_empty_category_goes_and_customers_see_that_at_once(staff: TestClient, shop: Shop) -> None:
    _create(staff)
    shop.add_product(category="tools")
    shop.rows("UPDATE products SET active = false")
    refused = staff.delete(f"{PATH}/tools")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:retail:problem:category-in-use")
    assert "one product stands" in refused.json()["detail"]
    assert "Tools" in staff.get("/").text
    shop.rows("UPDATE products SET categories = '[]'")
    assert staff.delete(f"{PATH}/tools").status_code == 204
    assert _shelves(staff) == []
    assert "Tools" not in staff.get("/").text
    assert staff.get("/categories/tools").status_code == 404
    for gone in (staff.delete(f"{PATH}/tools"), staff.get(f"{PATH}/tools"), _edit(staff, {**TOOLS, "version": 1})):
        assert (gone.status_code, gone.json()["type"]) == (404, "urn:retail:problem:unknown-category")


def test_no_category_goes_while_a_product_is_put_on_it(staff: TestClient, shop: Shop) -> None:
    _create(staff)
    elsewhere = SingleConnection(lambda: shop.conninfo)
    removal: list[Future[None]] = []

    class BusyAtTheLastMoment:
        """The shop's database; before a commit somebody else removes the category."""

        @contextmanager
        def transaction(self) -> Iterator[Connection]:
            with shop.database.transaction() as connection:
                yield connection
                removal.append(somebody.submit(remove_category, elsewhere, "tools"))
                eventually(lambda: removal[0].done() or blocked(shop), "the removal waits for the product")

    spade = ProductContent(name="Spade", price=Money(amount="9.00", currency="USD"), categories=["tools"])
    with ThreadPoolExecutor(1) as somebody:
        create_product(BusyAtTheLastMoment(), "SPADE", spade, correlation_id="test-correlation")
        with pytest.raises(CategoryInUseError):
            removal[0].result()
    elsewhere.close()
    assert shop.count("categories") == 1


def test_the_shelves_are_kept_by_forms_alone(staff: TestClient) -> None:
    page = staff.get("/admin/categories").text
    assert "make the first one" in page
    token = {"form_token": page.split('name="form_token" value="')[1].split('"')[0]}
    form = token | {"slug": "tools", "name": "Tools", "description": "", "position": "1", "cover_sku": ""}
    wrong = staff.post("/admin/categories", data=form | {"position": "first"}, headers=BROWSER)
    assert (wrong.status_code, 'href="#position"' in wrong.text, 'value="first"' in wrong.text) == (422, True, True)
    made = staff.post("/admin/categories", data=form)
    assert made.headers["location"] == "/admin/categories/tools?saved=true"
    assert "Saved" in staff.get(made.headers["location"]).text
    taken = staff.post("/admin/categories", data=form | {"slug": "other"}, headers=BROWSER)
    assert (taken.status_code, 'id="name-problem"' in taken.text) == (409, True)
    path = "/admin/categories/tools"
    cover = staff.post(path, data=form | {"version": "1", "cover_sku": "NONE"}, headers=BROWSER)
    assert (cover.status_code, 'id="cover_sku-problem"' in cover.text) == (422, True)
    assert staff.post(path, data=form | {"version": "1", "name": "Garden"}).status_code == 303
    late = staff.post(path, data=form | {"version": "1", "name": "Gear"}, headers=BROWSER)
    assert (late.status_code, "What differs" in late.text, 'name="version" value="2"' in late.text) == (409, True, True)
    product = {"sku": "SPADE", "name": "Spade", "price": {"amount": "9.00", "currency": "USD"}, "categories": ["tools"]}
    made = staff.post("/api/admin/products", json=product).json()
    in_use = staff.post(f"{path}/removal", data=token, headers=BROWSER)
    assert (in_use.status_code, "one product stands" in in_use.text) == (409, True)
    off = {"name": "Spade", "price": product["price"], "version": 1}
    assert staff.put(f"/api/admin/products/{made['id']}", json=off).json()["categories"] == []
    gone = staff.post(f"{path}/removal", data=token)
    assert "Removed" in staff.get(gone.headers["location"]).text


def test_another_site_cannot_change_the_shelves(staff: TestClient, shop: Shop) -> None:
    _create(staff)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "", "Origin": "https://evil.example"}):
        for path, form in (("/admin/categories", TOOLS | {"slug": "x"}), ("/admin/categories/tools/removal", {})):
            assert staff.post(path, data=form, headers=headers).status_code == 403
        assert staff.delete(f"{PATH}/tools", headers=headers).status_code == 403
    assert shop.rows("SELECT slug FROM categories") == [{"slug": "tools"}]


def test_without_a_cache_a_change_is_kept(
    staff: TestClient, shop: Shop, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = _create(staff)
    monkeypatch.setattr(resources.cache.connection_pool, "connection_kwargs", {"host": "127.0.0.1", "port": 1})
    resources.cache.connection_pool.disconnect()
    assert _edit(staff, tools, name="Garden").status_code == 200
    assert shop.rows("SELECT name FROM categories") == [{"name": "Garden"}]
