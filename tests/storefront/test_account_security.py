"""Keeping an account: another password, no session any more, no account any more; and what is left of it."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from retail.customers import authenticate
from retail.errors import WrongCredentialsError
from storefront.resources import Resources
from tests.retail.shop import CHECKOUT, EMAIL, Shop
from tests.storefront.account import PASSWORD, register, sign_in, signed_in
from tests.storefront.conftest import browser
from tests.storefront.waiting import blocked, eventually

BROWSER = {"Accept": "text/html"}
NEW = "eight yellow wagons"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}
PATH = "/account/security"


@pytest.fixture
def elsewhere(client: TestClient, stranger: TestClient) -> TestClient:
    """The same customer on another device; `client` and this one are both signed in."""
    signed_in(client, EMAIL)
    assert sign_in(stranger, EMAIL).status_code == 204
    assert _is_signed_in(stranger)
    return stranger


def _is_signed_in(client: TestClient) -> bool:
    return client.get("/api/session").status_code == 200


def _order(client: TestClient, shop: Shop) -> str:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    order = client.post("/api/orders", json=CHECKOUT)
    order_id: str = order.raise_for_status().json()["id"]
    return order_id


def test_another_password_ends_every_other_session_at_once(client: TestClient, elsewhere: TestClient) -> None:
    other = signed_in(browser(client.app), "somebody.else@example.com")
    assert client.put("/api/account/password", json=CHANGE).status_code == 204
    assert [_is_signed_in(one) for one in (client, elsewhere, other)] == [True, False, True]
    assert sign_in(elsewhere, EMAIL).status_code == 401
    assert sign_in(elsewhere, EMAIL, NEW).status_code == 204


def test_who_signs_in_while_the_password_changes_is_left_outside(
    client: TestClient, resources: Resources, shop: Shop
) -> None:
    signed_in(client, EMAIL)
    before = authenticate(resources.writer, email=EMAIL, password=PASSWORD)
    assert before is not None
    client.put("/api/account/password", json=CHANGE).raise_for_status()
    with pytest.raises(WrongCredentialsError):
        resources.customer_sessions.begin(before, session_key="late", key_before=None)
    assert shop.rows("SELECT 1 FROM customer_sessions WHERE session_key = 'late'") == []


def test_who_began_a_session_before_the_password_changed_is_put_out(
    client: TestClient, resources: Resources, shop: Shop
) -> None:
    signed_in(client, EMAIL)
    (customer,) = shop.rows("SELECT id FROM customers")
    insert = "INSERT INTO customer_sessions (session_key, customer_id, expires_at) VALUES ('open', %s, 'infinity')"
    with ThreadPoolExecutor(1) as elsewhere:
        with shop.database.transaction() as connection:  # a session that is begun and not yet committed
            connection.execute(insert, [customer["id"]])
            change = elsewhere.submit(client.put, "/api/account/password", json=CHANGE)
            eventually(lambda: change.done() or blocked(shop), "the change waits for the session")
        assert change.result().status_code == 204
    assert shop.rows("SELECT 1 FROM customer_sessions WHERE session_key = 'open' AND revoked_at IS NULL") == []


def test_another_password_takes_the_one_there_is_and_has_to_be_a_good_one(client: TestClient, shop: Shop) -> None:
    signed_in(client, EMAIL)
    kept = shop.rows("SELECT password_hash FROM customers")
    for change, status, kind in (
        (CHANGE | {"current_password": "a wrong guess"}, 403, "wrong-password"),
        (CHANGE | {"new_password": "fourteen chars"}, 422, "unsuitable-password"),
        (CHANGE | {"new_password": EMAIL}, 422, "unsuitable-password"),
        (CHANGE | {"new_password": ""}, 422, "invalid-request"),
    ):
        answer = client.put("/api/account/password", json=change)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:retail:problem:{kind}")
    assert shop.rows("SELECT password_hash FROM customers") == kept


def test_who_has_found_a_session_open_may_not_guess_for_ever(client: TestClient, resources: Resources) -> None:
    resources.rate_counters.now = lambda: 0.0  # no window ends while the test runs, however slow this machine is
    signed_in(client, EMAIL)
    wrong = CHANGE | {"current_password": "a wrong guess"}
    statuses = [client.put("/api/account/password", json=wrong).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    assert client.post("/api/account/deletion", json={"password": PASSWORD}).status_code == 429


def test_signing_out_everywhere_leaves_nobody_in(client: TestClient, elsewhere: TestClient, shop: Shop) -> None:
    cookie = client.cookies["session"]
    assert client.delete("/api/account/sessions").status_code == 204
    assert [_is_signed_in(one) for one in (client, elsewhere)] == [False, False]
    elsewhere.cookies.set("session", cookie)
    assert not _is_signed_in(elsewhere)
    assert shop.rows("SELECT 1 FROM customer_sessions WHERE revoked_at IS NULL") == []


def test_a_deleted_account_is_gone_and_so_is_everything_that_led_to_a_person(
    client: TestClient, elsewhere: TestClient, shop: Shop, logs: io.StringIO
) -> None:
    order_id, cookie = _order(client, shop), client.cookies["session"]
    customer_id = str(shop.rows("SELECT id FROM customers")[0]["id"])
    assert client.post("/api/account/deletion", json={"password": "a wrong guess"}).status_code == 403
    assert client.post("/api/account/deletion", json={"password": PASSWORD}).status_code == 204
    assert [_is_signed_in(one) for one in (client, elsewhere)] == [False, False]
    assert sign_in(elsewhere, EMAIL).status_code == 401
    assert [shop.count(table) for table in ("customers", "customer_sessions", "orders", "order_items")] == [0, 0, 1, 1]
    (order,) = shop.rows("SELECT row_to_json(orders)::text AS text, total, status FROM orders")
    assert (str(order["total"]), order["status"]) == ("12.50", "PENDING")
    assert [private in order["text"] for private in (EMAIL, customer_id)] == [False, False]
    for thief in (client, elsewhere):
        thief.cookies.set("session", cookie)
        assert thief.get(f"/api/orders/{order_id}").status_code == 404
    assert customer_id in logs.getvalue(), "who asks later whether it was done finds the line"


def test_where_an_order_goes_is_erased_with_the_account_but_for_what_is_on_its_way(
    client: TestClient, shop: Shop
) -> None:
    signed_in(client, EMAIL)
    over, on_its_way = _order(client, shop), _order(client, shop)
    client.post(f"/api/orders/{over}/cancellation").raise_for_status()
    client.post("/api/account/deletion", json={"password": PASSWORD}).raise_for_status()
    assert [str(row["order_id"]) for row in shop.rows("SELECT order_id FROM deliveries")] == [on_its_way]


def test_a_deleted_account_may_be_opened_anew_and_has_nothing_of_the_old_one(client: TestClient, shop: Shop) -> None:
    signed_in(client, EMAIL)
    _order(client, shop)
    client.post("/api/account/deletion", json={"password": PASSWORD}).raise_for_status()
    assert register(client, EMAIL, NEW).status_code == 202
    assert sign_in(client, EMAIL, NEW).status_code == 204
    assert client.get("/api/orders").json()["items"] == []


@pytest.mark.parametrize("request_", [
    ("PUT", "/api/account/password"), ("DELETE", "/api/account/sessions"), ("POST", "/api/account/deletion"),
    ("GET", PATH), ("POST", f"{PATH}/password"), ("POST", f"{PATH}/sign-out"), ("POST", f"{PATH}/deletion"),
])  # fmt: skip
def test_only_who_is_signed_in_gets_there(client: TestClient, request_: tuple[str, str]) -> None:
    method, path = request_
    body = CHANGE if method == "PUT" else {"password": PASSWORD} if method == "POST" else None
    sent: dict[str, Any] = {"json": body} if path.startswith("/api") and body else {}
    answer = client.request(method, path, headers=BROWSER, **sent)
    assert answer.status_code == (401 if path.startswith("/api") else 303)


def test_another_site_changes_nothing(client: TestClient, shop: Shop) -> None:
    signed_in(client, EMAIL)
    for path, form in (("password", CHANGE), ("sign-out", {}), ("deletion", {"password": PASSWORD})):
        answer = client.post(f"{PATH}/{path}", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
    assert _is_signed_in(client)
    assert shop.count("customers") == 1


def test_all_of_it_works_by_forms_alone(client: TestClient, elsewhere: TestClient) -> None:
    assert f'href="{PATH}"' in client.get("/account").text
    page = client.get(PATH).text
    token = {"form_token": page.split('name="form_token" value="')[1].split('"')[0]}
    for wrong, status, part in (
        ({"current_password": "a wrong guess"}, 403, "current_password-problem"),
        ({"new_password": "short"}, 422, "new_password-problem"),
        ({"new_password": ""}, 422, "new_password-problem"),
    ):
        answer = client.post(f"{PATH}/password", data=token | CHANGE | wrong, headers=BROWSER)
        assert (answer.status_code, f'id="{part}"' in answer.text) == (status, True)
        assert PASSWORD not in answer.text
    changed = client.post(f"{PATH}/password", data=token | CHANGE)
    assert "Your password is changed" in client.get(changed.headers["location"]).text
    assert not _is_signed_in(elsewhere)
    refused = client.post(f"{PATH}/deletion", data=token | {"password": PASSWORD}, headers=BROWSER)
    assert (refused.status_code, 'id="password-problem"' in refused.text) == (403, True)
    gone = client.post(f"{PATH}/deletion", data=token | {"password": NEW})
    assert "Your account is deleted" in client.get(gone.headers["location"]).text
    signed_in(client, EMAIL)
    assert client.post(f"{PATH}/sign-out").headers["location"] == "/"
    assert not _is_signed_in(client)


def test_without_a_cache_the_database_ends_the_sessions(
    client: TestClient, elsewhere: TestClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources.cache.connection_pool, "connection_kwargs", {"host": "127.0.0.1", "port": 1})
    resources.cache.connection_pool.disconnect()
    assert client.delete("/api/account/sessions").status_code == 204
    assert [_is_signed_in(one) for one in (client, elsewhere)] == [False, False]
