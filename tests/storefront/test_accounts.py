"""Accounts: opening one, signing in, what was ordered, and who sees it."""

import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from retail.account_codes import account_code
from storefront.application import create_application
from storefront.customers import CurrentStaff
from tests.retail.shop import CHECKOUT, EMAIL, Shop
from tests.storefront.account import PASSWORD, register, sign_in, signed_in
from tests.storefront.conftest import browser
from tests.storefront.published import plain_resources, published

BROWSER = {"Accept": "text/html"}
OTHER = "somebody.else@example.com"


def _order(client: TestClient, shop: Shop) -> str:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    order_id: str = client.post("/api/orders", json=CHECKOUT).raise_for_status().json()["id"]
    return order_id


def test_a_customer_without_a_script_opens_an_account_and_comes_and_goes(client: TestClient, shop: Shop) -> None:
    asked = client.get("/account", headers=BROWSER)
    assert (asked.status_code, asked.headers["location"]) == (303, "/account/sign-in?next=%2Faccount")
    form = {"name": "Kim", "email": EMAIL, "password": PASSWORD}
    assert client.post("/account/register", data=form).headers["location"] == "/account/sign-in?registered=true"
    assert "your account is ready" in client.get("/account/sign-in?registered=true").text
    entered = client.post(
        "/account/sign-in", data={"email": f" {EMAIL.upper()} ", "password": PASSWORD, "next": "/cart"}
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/cart")
    page = client.get("/account").text
    assert EMAIL in page
    assert "You have not ordered anything yet" in page
    assert client.get("/account/sign-in").headers["location"] == "/account"
    assert client.post("/account/sign-out").headers["location"] == "/"
    assert client.get("/account").status_code == 303


def test_the_account_page_shows_the_code_that_names_the_account_and_nobody_elses_does(
    client: TestClient, stranger: TestClient, shop: Shop
) -> None:
    code = signed_in(client, EMAIL).get("/api/session").json()["account_code"]
    assert code == account_code(shop.rows("SELECT id FROM customers")[0]["id"])
    assert f"<code>{code}</code>" in client.get("/account").text
    assert code not in signed_in(stranger, OTHER).get("/account").text


def test_the_forms_say_what_is_wrong_beside_the_field_and_keep_what_was_typed_but_for_the_password(
    client: TestClient,
) -> None:
    answer = client.post("/account/register", data={"name": "", "email": '"><b>', "password": "short"})
    assert answer.status_code == 422
    for part in ('<a href="#email">', 'aria-invalid="true"', 'autocomplete="new-password"', "&lt;b&gt;"):
        assert part in answer.text
    assert "short" not in answer.text
    refused = client.post("/account/register", data={"name": "Kim", "email": EMAIL, "password": "password" * 3})
    assert refused.status_code == 422
    assert "first that others would try" in refused.text


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        ("fourteen chars", False),
        ("fifteen charact", True),
        ("a" * 129, False),
        ("correct horse battery staple " * 4, True),
        ("密码密码密码安全很长谁也猜不到它", True),
        ("qwerty123456789", False),
        ("QWERTYUIOP12345", False),
        ("PasswordPassword", False),
        ("aaaaaaaaaaaaaaaa", False),
        (EMAIL, False),
        ("zxcvbnm1 zxcvbnm1", True),
    ],
)
def test_a_password_is_long_enough_and_not_a_common_one(client: TestClient, password: str, accepted: bool) -> None:
    assert register(client, EMAIL, password).status_code == (202 if accepted else 422)
    assert sign_in(client, EMAIL, password).status_code == (204 if accepted else 401)


def test_half_a_surrogate_pair_is_no_part_of_a_password_nor_of_a_field_that_is_named(client: TestClient) -> None:
    signed_in(client, EMAIL)
    half = PASSWORD + "\ud800"
    for method, path, fields in (
        ("POST", "/api/customers", {"email": EMAIL, "name": "Kim", "password": half}),
        ("POST", "/api/session", {"email": EMAIL, "password": half}),
        ("PUT", "/api/account/password", {"current_password": PASSWORD, "new_password": half}),
        ("POST", "/api/session", {"email": EMAIL, "password": PASSWORD, "\ud800": "x"}),
    ):
        headers = {"Content-Type": "application/json"}
        refused = client.request(method, path, content=json.dumps(fields), headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:retail:problem:invalid-request"), path
        assert PASSWORD not in refused.text


def test_a_password_is_the_same_however_its_characters_are_composed(client: TestClient) -> None:
    register(client, EMAIL, "schöne Grüße aus Bergen")
    assert sign_in(client, EMAIL, "scho\u0308ne Gru\u0308ße aus Bergen").status_code == 204
    assert sign_in(client, EMAIL, "schone Gruße aus Bergen").status_code == 401


def test_nobody_learns_whether_an_address_has_an_account(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    first = register(client, EMAIL)
    again = register(stranger, EMAIL.upper(), "a password of mine")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert shop.count("customers") == 1
    assert sign_in(stranger, EMAIL, "a password of mine").status_code == 401
    wrong, unknown = sign_in(stranger, EMAIL, "wrong password"), sign_in(stranger, OTHER, "wrong password")
    assert wrong.json() == unknown.json()
    assert "set-cookie" not in wrong.headers
    assert sign_in(client, EMAIL).status_code == 204


def test_an_unknown_address_takes_as_long_as_a_wrong_password(shop: Shop, cache_url: str) -> None:
    unlimited = dict.fromkeys(("sign_ins_per_account_and_address", "sign_ins_per_account", "sign_ins_per_address"), 999)
    seconds: dict[str, list[float]] = {EMAIL: [], OTHER: []}

    def takes_as_long() -> bool:
        for email, taken in seconds.items():
            started = time.perf_counter()
            assert sign_in(client, email, "wrong password").status_code == 401
            taken.append(time.perf_counter() - started)
        return min(seconds[OTHER]) > 0.6 * min(seconds[EMAIL])

    with browser(create_application(plain_resources(published(shop.conninfo, cache_url), limits=unlimited))) as client:
        register(client, EMAIL)
        at_once = [takes_as_long() for _ in range(7)][-1]
        assert at_once or any(takes_as_long() for _ in range(70)), "a busy machine delays either now and then"
    assert statistics.median(seconds[OTHER]) > 0.01, "no password was hashed at all"


def test_two_who_register_one_address_at_once_open_one_account(shop: Shop, client: TestClient) -> None:
    with ThreadPoolExecutor(6) as people:
        statuses = set(people.map(lambda _: register(client, EMAIL).status_code, range(6)))
    assert statuses == {202}
    assert shop.count("customers") == 1


def test_a_customer_sees_an_order_from_every_session_and_nobody_else_does(
    client: TestClient, stranger: TestClient, shop: Shop
) -> None:
    signed_in(client, EMAIL)
    order_id = _order(client, shop)
    sign_in(stranger, EMAIL)
    assert stranger.get(f"/api/orders/{order_id}").status_code == 200
    assert stranger.get(f"/orders/{order_id}").status_code == 200
    client.delete("/api/session")
    assert client.get(f"/api/orders/{order_id}").status_code == 404
    signed_in(client, OTHER)
    assert client.get(f"/api/orders/{order_id}").status_code == 404
    assert client.get("/api/orders").json()["items"] == []
    placed = shop.rows("SELECT detail #>> '{payload,customer_id}' AS id FROM outbox WHERE detail_type = 'OrderPlaced'")
    assert placed[0]["id"] == str(shop.rows("SELECT id FROM customers WHERE email = %s", EMAIL)[0]["id"])


def test_what_a_guest_ordered_is_theirs_once_they_sign_in(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    order_id = _order(client, shop)
    guest = client.cookies["session"]
    signed_in(client, EMAIL)
    assert [order["id"] for order in client.get("/api/orders").json()["items"]] == [order_id]
    assert client.get(f"/api/orders/{order_id}").status_code == 200
    stranger.cookies.set("session", guest)
    assert stranger.get(f"/api/orders/{order_id}").status_code == 404


def test_what_was_ordered_after_a_sign_out_elsewhere_is_theirs_who_sign_in_next_and_nothing_else_is(
    client: TestClient, stranger: TestClient, shop: Shop
) -> None:
    signed_in(client, EMAIL)
    earlier = _order(client, shop)
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    sign_in(stranger, EMAIL)
    assert stranger.delete("/api/account/sessions").status_code == 204
    assert client.get("/api/cart").json()["items"] == []
    as_guest = _order(client, shop)
    signed_in(client, OTHER)
    assert [order["id"] for order in client.get("/api/orders").json()["items"]] == [as_guest]
    assert client.get(f"/api/orders/{earlier}").status_code == 404
    sign_in(stranger, EMAIL)
    assert [order["id"] for order in stranger.get("/api/orders").json()["items"]] == [earlier]


def test_signing_in_again_ends_the_session_from_before(client: TestClient, stranger: TestClient, shop: Shop) -> None:
    signed_in(client, EMAIL)
    stranger.cookies.set("session", client.cookies["session"])
    assert stranger.get("/api/session").status_code == 200
    signed_in(client, OTHER)
    assert stranger.get("/api/session").status_code == 401
    assert client.get("/api/session").json()["email"] == OTHER


def test_the_history_is_read_page_by_page_and_misses_and_repeats_nothing(client: TestClient, shop: Shop) -> None:
    signed_in(client, EMAIL)
    placed = [_order(client, shop) for _ in range(5)]
    shop.rows("UPDATE orders SET created_at = now()")  # one moment for all: the id decides
    seen, before = [], ""
    while True:
        page = client.get(f"/api/orders?limit=2{before}").json()
        seen += [order["id"] for order in page["items"]]
        if len(seen) == 2:
            _order(client, shop)
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert sorted(seen) == sorted(placed)
    assert client.get(f"/api/orders?before={uuid4()}").json() == {"items": [], "next": None}
    assert "Earlier orders" not in client.get("/account").text


def test_the_account_page_has_a_way_to_earlier_orders(client: TestClient, shop: Shop) -> None:
    signed_in(client, EMAIL)
    first = _order(client, shop)
    customer = shop.rows("SELECT id FROM customers")[0]["id"]
    for _ in range(20):
        order = shop.order({shop.add_product(): 1})
        shop.rows("UPDATE orders SET customer_id = %s WHERE id = %s", customer, order.id)
    page = client.get("/account").text
    assert first[:8] not in page
    link = page.split('href="/account?before=')[1].split('"')[0]
    assert first[:8] in client.get(f"/account?before={link}").text


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: 1", ""]
)
def test_the_sign_in_page_sends_nobody_elsewhere(client: TestClient, wanted: str) -> None:
    register(client, EMAIL)
    form = {"email": EMAIL, "password": PASSWORD, "next": wanted}
    assert client.post("/account/sign-in", data=form).headers["location"] == "/account"


@pytest.fixture
def staff_room(client: TestClient) -> str:
    """Addresses for people who work here."""
    application = client.app
    assert isinstance(application, FastAPI)

    def page(staff: CurrentStaff) -> dict[str, str]:
        return {"name": staff.name}

    application.add_api_route("/staff-room", page)
    application.add_api_route("/api/staff-room", page)
    return "/staff-room"


def test_only_people_who_work_here_get_in_and_only_as_long_as_they_do(
    client: TestClient, shop: Shop, staff_room: str
) -> None:
    assert client.get(f"{staff_room}?a=b").headers["location"] == "/account/sign-in?next=%2Fstaff-room%3Fa%3Db"
    assert client.get(f"/api{staff_room}").status_code == 401
    signed_in(client, EMAIL)
    assert [client.get(staff_room).status_code, client.get(f"/api{staff_room}").status_code] == [404, 403]
    shop.rows("UPDATE customers SET is_staff = true")
    assert client.get(staff_room).json() == {"name": "Kim Example"}
    shop.rows("UPDATE customer_sessions SET created_at = now() - interval '13 hours'")
    sign_in(client, EMAIL)
    assert client.get(staff_room).status_code == 200
    shop.rows("UPDATE customers SET is_staff = false")
    assert client.get(staff_room).status_code == 404


def test_people_who_work_here_sign_in_every_day(client: TestClient, shop: Shop, staff_room: str) -> None:
    signed_in(client, EMAIL)
    shop.rows("UPDATE customers SET is_staff = true")
    shop.rows("UPDATE customer_sessions SET created_at = now() - interval '13 hours'")
    assert client.get(staff_room).status_code == 303


def test_a_password_that_was_hashed_more_weakly_once_is_hashed_anew_at_the_next_sign_in(
    client: TestClient, shop: Shop
) -> None:
    register(client, EMAIL)
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    shop.rows("UPDATE customers SET password_hash = %s", weaker)
    for _ in range(2):
        assert sign_in(client, EMAIL).status_code == 204
    (kept,) = shop.rows("SELECT password_hash FROM customers")
    assert "m=19456,t=2" in kept["password_hash"]
