"""Where an order goes: asked for, shown to whom it concerns, and to nobody else."""

import base64
import hmac
import io
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from environment_options import EMBARGOED
from storefront.deliveries import COUNTRIES, NOT_SERVED, WITHOUT_POSTCODES
from storefront.resources import Resources
from storefront.sessions import Session
from tests.retail.shop import CHECKOUT, EMAIL, FORM, HOME, Shop
from tests.storefront.account import signed_in

# What is told apart from everything else on a page, in a log or in an event.
TELLING = (HOME.recipient, HOME.line1, HOME.city, HOME.postcode)
BROWSER = {"Accept": "text/html"}


def _order(client: TestClient, shop: Shop, **other: Any) -> Any:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    return client.post("/api/orders", json=CHECKOUT | {"delivery": HOME.model_dump() | other})


def test_an_order_is_shown_with_where_it_goes_to_its_customer_alone(
    client: TestClient, stranger: TestClient, shop: Shop
) -> None:
    placed = _order(client, shop, line2="c/o Pine", recipient="  Kim Example ").json()
    assert placed["delivery"] == HOME.model_dump() | {"line2": "c/o Pine"}
    assert client.get(f"/api/orders/{placed['id']}").json()["delivery"] == placed["delivery"]
    page = client.get(f"/orders/{placed['id']}").text
    for shown in (*TELLING, "c/o Pine", COUNTRIES["GB"]):
        assert shown in page
    assert stranger.get(f"/orders/{placed['id']}").status_code == 404


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *(("recipient", wrong) for wrong in ("", "   ", "x" * 101, "a\nb", "<b>", None)),
        *(("line1", wrong) for wrong in ("", "x" * 101, 7)),
        ("line2", "x" * 101),
        ("city", ""),
        *(("postcode", wrong) for wrong in ("", "x" * 21, "1;2")),
        *(("country", wrong) for wrong in ("", "XX", "gb", "GBR", "Norway", "CU")),
        ("planet", "Mars"),
    ],
)
def test_an_address_that_no_parcel_reaches_is_a_422_that_names_the_field(
    client: TestClient, shop: Shop, field: str, wrong: Any
) -> None:
    answer = _order(client, shop, **{field: wrong})
    assert answer.status_code == 422
    assert [error["location"] for error in answer.json()["errors"]] == [f"body.delivery.{field}"]
    assert shop.count("orders") == 0


def test_an_order_needs_an_address(client: TestClient, shop: Shop) -> None:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1})
    answer = client.post("/api/orders", json={"email": EMAIL, "payment_token": "tok_visa"})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "body.delivery")


def test_there_is_a_postcode_where_there_are_any(client: TestClient, shop: Shop) -> None:
    assert _order(client, shop, country="HK", postcode="").status_code == 201
    assert _order(client, shop, country="NO", postcode="").status_code == 422
    assert COUNTRIES.keys() >= WITHOUT_POSTCODES


def test_nothing_goes_where_the_edge_admits_nobody() -> None:
    assert frozenset(EMBARGOED) == NOT_SERVED
    assert len(COUNTRIES) > 240


def test_the_form_says_of_each_field_what_would_be_right_and_keeps_the_rest(client: TestClient, shop: Shop) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    fresh = client.get("/checkout").text
    for name in ("name", "address-line1", "address-line2", "address-level2", "postal-code", "country"):
        assert f'autocomplete="shipping {name}"' in fresh
    empty = client.post("/checkout", headers=BROWSER)
    assert empty.status_code == 422
    for words in ("who receives the parcel", "street and house number", "Choose the country", "Enter the postcode"):
        assert empty.text.count(words) == 2, "in the summary and beside the field"
    partly = client.post("/checkout", data=FORM | {"city": "", "line1": '"><b>'})
    assert "Enter the city" in partly.text
    assert "receives the parcel" not in partly.text
    assert f'value="{HOME.recipient}"' in partly.text
    assert '<option value="GB" selected>' in partly.text
    assert "<b>" not in partly.text
    assert shop.count("orders") == 0


def test_what_was_typed_comes_back_in_this_session_only(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    mug = shop.add_product()
    for one in (client, stranger):
        one.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    assert client.post("/checkout", data=FORM).status_code == 303
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    assert f'value="{HOME.line1}"' in client.get("/checkout").text
    stolen = client.cookies["delivery"]
    stranger.cookies.set("delivery", stolen)
    assert HOME.line1 not in stranger.get("/checkout").text
    client.cookies.delete("delivery")
    client.cookies.set("delivery", ("y" if stolen[0] == "x" else "x") + stolen[1:])
    assert HOME.line1 not in client.get("/checkout").text


def test_nobody_writes_into_their_own_cookie_where_an_order_goes(
    client: TestClient, shop: Shop, resources: Resources
) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    session = Session(client.cookies["session"].partition(".")[0][1:])
    text = base64.urlsafe_b64encode(HOME.model_dump_json().encode()).decode()
    client.cookies.set(
        "delivery", hmac.digest(session.id.encode(), f"delivery{text}".encode(), "sha256").hex() + f".{text}"
    )
    assert HOME.line1 not in client.get("/checkout").text
    embargoed = json.dumps(HOME.model_dump() | {"country": "CU"}).encode()
    for typed in (b"junk", embargoed):  # what another release may have taken
        client.cookies.set("delivery", resources.session_cookies.seal(session, "delivery", typed))
        page = client.get("/checkout")
        assert (page.status_code, HOME.line1 in page.text) == (200, False)
    client.cookies.set("delivery", resources.session_cookies.seal(session, "delivery", HOME.model_dump_json().encode()))
    assert HOME.line1 in client.get("/checkout").text


def test_staff_see_it_on_the_page_of_the_order_and_nowhere_else(client: TestClient, shop: Shop) -> None:
    order_id = _order(client, shop).json()["id"]
    shop.rows("UPDATE orders SET status = 'PROCESSING'")
    signed_in(client, "staff@example.com")
    shop.rows("UPDATE customers SET is_staff = true")
    assert all(part in client.get(f"/admin/orders/{order_id}").text for part in (*TELLING, COUNTRIES["GB"]))
    assert client.get(f"/api/admin/orders/{order_id}").json()["delivery"] == HOME.model_dump()
    for path in ("/admin/orders", "/api/admin/orders", "/admin/products"):
        assert order_id[:8] in client.get(path).text or "products" in path
        assert not any(part in client.get(path).text for part in TELLING), path
    shop.rows("DELETE FROM deliveries")
    assert "No address is known" in client.get(f"/admin/orders/{order_id}").text
    assert client.get(f"/api/admin/orders/{order_id}").json()["delivery"] is None


def test_neither_event_nor_log_line_nor_error_says_where_an_order_goes(
    client: TestClient, shop: Shop, logs: io.StringIO
) -> None:
    assert _order(client, shop).status_code == 201
    refused = _order(client, shop, country="XX")
    said = str(shop.rows("SELECT detail FROM outbox")) + logs.getvalue() + refused.text
    assert "OrderPlaced" in str(shop.rows("SELECT detail_type FROM outbox"))
    assert not any(part in said for part in TELLING)


def test_an_order_from_before_addresses_were_asked_for_has_none(client: TestClient, shop: Shop) -> None:
    order_id = _order(client, shop).json()["id"]
    shop.rows("DELETE FROM deliveries")
    assert client.get(f"/api/orders/{order_id}").json()["delivery"] is None
    assert "Where it goes" not in client.get(f"/orders/{order_id}").text


def test_the_same_key_with_another_address_is_another_request(client: TestClient, shop: Shop) -> None:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1})
    key = {"Idempotency-Key": "one-order-please"}
    assert client.post("/api/orders", json=CHECKOUT, headers=key).status_code == 201
    elsewhere = CHECKOUT | {"delivery": HOME.model_dump() | {"line1": "8 Other Quay"}}
    assert client.post("/api/orders", json=elsewhere, headers=key).json()["type"].endswith("idempotency-key-reused")
