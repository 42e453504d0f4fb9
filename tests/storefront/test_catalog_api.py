"""The API of the catalog."""

from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from retail.sample_catalog import insert_sample_catalog
from tests.retail.shop import CHECKOUT, Shop

KEPT = "public, max-age=60, stale-while-revalidate=3600"


def test_products_are_listed_with_what_is_available(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(stock=7, price="3.10")
    shop.order({mug: 2})
    answer = client.get("/api/products").json()
    (product,) = answer["items"]
    assert (answer["total"], answer["next"], answer["cursor"]) == (1, None, None)
    assert (product["id"], product["available"]) == (str(mug), 5)
    assert product["price"] == {"amount": "3.10", "currency": "USD"}
    assert client.get(f"/api/products/{mug}").json() == product


def test_e1_an_answer_is_kept_for_a_minute_and_costs_nothing_while_it_is_right(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(category="kitchen")
    for path in ("/api/products", f"/api/products/{mug}", "/api/categories", "/api/search?q=mug"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, KEPT)
        tag = answer.headers["etag"]
        for offered in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            unchanged = client.get(path, headers={"If-None-Match": offered})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
            assert (unchanged.headers["etag"], unchanged.headers["cache-control"]) == (tag, KEPT)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert "set-cookie" not in answer.headers


def test_an_order_changes_the_tag_of_its_products_at_once(client: TestClient, shop: Shop) -> None:
    mug = shop.add_product(stock=3)
    before = [client.get(path).headers["etag"] for path in (f"/api/products/{mug}", "/api/products")]
    client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
    client.post("/api/orders", json=CHECKOUT).raise_for_status()
    after = [client.get(path) for path in (f"/api/products/{mug}", "/api/products")]
    assert after[0].json()["available"] == after[1].json()["items"][0]["available"] == 2
    assert not {answer.headers["etag"] for answer in after} & set(before)


def test_links_lead_through_the_whole_list(client: TestClient, shop: Shop) -> None:
    insert_sample_catalog(shop.conninfo)
    path, seen = "/api/search?q=oak&sort=-price&limit=6&in_stock=true", list[str]()
    while True:
        answer = client.get(path)
        page = answer.json()
        seen += [product["id"] for product in page["items"]]
        if page["next"] is None:
            assert "link" not in answer.headers
            break
        assert answer.headers["link"] == f'<{page["next"]}>; rel="next"'
        assert urlsplit(page["next"]).path == "/api/search"
        path = page["next"]
    assert len(seen) == len(set(seen)) == page["total"] > 6


def test_categories_are_in_the_order_of_the_shop(client: TestClient, shop: Shop) -> None:
    insert_sample_catalog(shop.conninfo)
    categories = client.get("/api/categories").json()["items"]
    assert [category["slug"] for category in categories][:3] == ["kitchen", "table", "home"]
    for category in categories:
        assert category["products"] == client.get(f"/api/products?category={category['slug']}").json()["total"] >= 20


@pytest.mark.parametrize(
    "query",
    [
        "sort=fastest", "limit=0", "limit=101", "limit=x", "min_price=-1", "min_price=cheap", "max_price=1e99",
        "max_price=NaN", "category=No%20Slug", "in_stock=perhaps", "cursor=x", "cursor=" + "a" * 3000,
        "min_price=1.005",
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_a_422(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/products?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_search_may_be_strange_but_not_endless(client: TestClient, shop: Shop) -> None:
    shop.add_product()
    for text in ("'", "%F0%9F%98%80", "%25", "--"):
        assert client.get(f"/api/search?q={text}").status_code == 200
    assert client.get("/api/search?q=" + "x" * 101).status_code == 422
    assert client.get("/api/search").json()["total"] == 1


def test_a_category_without_products_or_without_a_name_is_an_empty_list(client: TestClient, shop: Shop) -> None:
    shop.add_product()
    assert client.get("/api/products?category=boats").json()["items"] == []
    assert client.get("/api/products?category=&min_price=&max_price=").json()["total"] == 1


def test_the_catalog_is_described_with_examples_that_fit(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()
    for path in ("/api/products", "/api/search", "/api/categories", "/api/products/{product_id}"):
        assert {"200", "304", "422"} <= description["paths"][path]["get"]["responses"].keys()
    (example,) = description["components"]["schemas"]["ProductList"]["examples"]
    (product,) = example["items"]
    assert product.keys() == description["components"]["schemas"]["Product"]["properties"].keys()
