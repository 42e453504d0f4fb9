"""The checkout where Stripe takes the cards: entered there, ordered here, once."""

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.stub import Stubber
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError

from retail import clients
from retail.stripe_account import StripeAccount
from retail.stripe_card_entry import StripeCardEntry
from storefront.application import create_application
from storefront.resources import Resources
from storefront.settings import Settings
from tests.retail.shop import CHECKOUT, EMAIL, HOME, Shop
from tests.retail.stripe_api import KEY, StripeApi, serve
from tests.storefront.conftest import browser
from tests.storefront.published import STORE, plain_resources, published

CARD_FORM = {"email": EMAIL, **HOME.model_dump()}


@pytest.fixture
def api() -> StripeApi:
    return StripeApi()


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client: Any = boto3.client(
        "secretsmanager", region_name="us-east-2", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr(clients, "secrets_manager", lambda: client)
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def resources(shop: Shop, cache_url: str, api: StripeApi, secrets: Stubber) -> Iterator[Resources]:
    """As in production: Stripe behind the checkout, and its key in the secret."""
    secrets.add_response("get_secret_value", {"SecretString": f'{{"api_key": "{KEY}"}}'})
    made = plain_resources(published(shop.conninfo, cache_url), payment_gateway="stripe")
    made.bus = shop.bus
    with serve(api) as address:
        made.card_entry = StripeCardEntry(StripeAccount(lambda: KEY, base_address=address), STORE)
        yield made


def continue_to_payment(client: TestClient, *, key: str = "first-form") -> Any:
    return client.post("/checkout", data=CARD_FORM | {"idempotency_key": key}, headers={"Accept": "text/html"})


def link(page: str) -> str:
    found = re.search(r'href="(https://[^"]+)" rel="external', page)
    assert found is not None
    return html.unescape(found[1])


def path_of(address: str) -> str:
    assert address.startswith(STORE + "/")
    return address.removeprefix(STORE)


def test_a_card_is_entered_at_stripe_and_the_order_placed_with_it(
    client: TestClient, shop: Shop, api: StripeApi
) -> None:
    client.post(f"/cart/items/{shop.add_product(price='12.50')}/add", data={"quantity": 2})
    form = client.get("/checkout").text
    assert "Continue to payment" in form
    assert "Test card" not in form

    page = continue_to_payment(client)

    assert (page.status_code, shop.count("orders")) == (200, 0)
    assert urlsplit(link(page.text)).netloc == "checkout.stripe.com"
    assert api.sessions["cs_test_1"]["customer_email"] == EMAIL
    assert api.sessions["cs_test_1"]["cancel_url"] == f"{STORE}/checkout"
    paid = client.get(path_of(api.enter_card("cs_test_1")), headers={"Sec-Fetch-Site": "cross-site"})
    assert paid.status_code == 303
    (order,) = shop.rows("SELECT id, email, payment_token, total FROM orders")
    assert HOME.line1 in page.text
    assert [HOME.line1, HOME.city] == list(shop.rows("SELECT line1, city FROM deliveries")[0].values())
    assert HOME.line1 not in str(api.sessions), "where it goes is not Stripe's business"
    assert paid.headers["location"] == f"/orders/{order['id']}"
    assert (order["email"], order["payment_token"], str(order["total"])) == (EMAIL, "cus_1/pm_card_visa", "25.00")
    assert client.get(paid.headers["location"]).status_code == 200


def test_a_shop_that_charges_never_says_that_it_does_not_and_promises_no_mail(
    client: TestClient, shop: Shop, api: StripeApi
) -> None:
    mug = shop.add_product()
    seen = [client.get(path).text for path in ("/", f"/products/{mug}", f"/products/{mug}")]  # the last one a copy
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    seen += [client.get("/checkout").text, continue_to_payment(client).text]
    seen += [
        client.get(path, headers={"Accept": "text/html"}).text for path in ("/nothing", "/cart", "/account/register")
    ]
    forged = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    seen += [client.post("/cart/items/x", headers=forged).text]
    for page in seen:
        assert "has good things" in page
        assert "demonstration" not in page
        assert not re.search(r"Nothing is charged|confirmed to|confirmation", page)


def test_a_reload_orders_once_even_with_something_new_in_the_cart(
    client: TestClient, shop: Shop, api: StripeApi
) -> None:
    mug = shop.add_product()
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    continue_to_payment(client)
    back = path_of(api.enter_card("cs_test_1"))
    first = client.get(back).headers["location"]
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    assert [client.get(back).headers["location"] for _ in range(2)] == [first, first]
    assert shop.count("orders") == 1
    assert "Mug" in client.get("/cart").text, "what is new in the cart stays there"


def test_a_second_click_opens_no_second_page(client: TestClient, shop: Shop, api: StripeApi) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    assert link(continue_to_payment(client).text) == link(continue_to_payment(client).text)
    assert len(api.sessions) == 1
    assert link(continue_to_payment(client, key="another-form").text).startswith("https://checkout.stripe.com/")
    assert len(api.sessions) == 2


@pytest.mark.parametrize("entry", ["somebody's", "not complete", "unknown", "from yesterday"])
def test_only_a_card_just_entered_by_this_browser_orders(
    client: TestClient, stranger: TestClient, shop: Shop, api: StripeApi, entry: str
) -> None:
    mug = shop.add_product()
    for one in (client, stranger):
        one.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    continue_to_payment(stranger if entry == "somebody's" else client)
    if entry != "not complete":
        api.enter_card("cs_test_1")
    if entry == "from yesterday":
        api.sessions["cs_test_1"]["created"] -= 13 * 3600
    answer = client.get(f"/checkout/paid?card=cs_test_{2 if entry == 'unknown' else 1}")
    assert answer.status_code == 409
    assert "please enter it again" in answer.text
    assert shop.count("orders") == 0


def test_a_card_pays_for_the_total_that_was_agreed_to_only(client: TestClient, shop: Shop, api: StripeApi) -> None:
    mug = shop.add_product(price="12.50")
    client.post(f"/cart/items/{mug}/add", data={"quantity": 1})
    continue_to_payment(client)
    shop.rows("UPDATE products SET price = 99")
    answer = client.get(path_of(api.enter_card("cs_test_1")))
    assert answer.status_code == 409
    assert "USD 99.00 now, it was USD 12.50" in answer.text
    assert (shop.count("orders"), shop.stock(mug)) == (0, (10, 0))


@pytest.mark.parametrize("meanwhile", ["another address", "no address"])
def test_a_card_orders_to_the_address_that_it_was_entered_for_only(
    client: TestClient, shop: Shop, api: StripeApi, meanwhile: str
) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    continue_to_payment(client)
    back = path_of(api.enter_card("cs_test_1"))
    if meanwhile == "no address":
        client.cookies.delete("delivery")
    else:
        client.post("/checkout", data=CARD_FORM | {"line1": "8 Other Quay", "idempotency_key": "another-tab"})
    answer = client.get(back)
    assert (answer.status_code, "please enter it again" in answer.text) == (409, True)
    assert shop.count("orders") == 0


def test_a_card_is_not_entered_for_another_total_than_the_form_showed(
    client: TestClient, shop: Shop, api: StripeApi
) -> None:
    client.post(f"/cart/items/{shop.add_product(price='12.50')}/add", data={"quantity": 1})
    answer = client.post("/checkout", data=CARD_FORM | {"expected_total": "12.00 USD"})
    assert (answer.status_code, "USD 12.50 now, it was USD 12.00" in answer.text) == (409, True)
    assert api.sessions == {}
    assert client.post("/checkout", data=CARD_FORM | {"expected_total": "12.50 USD"}).status_code == 200


def test_nobody_enters_a_card_for_what_cannot_be_ordered(
    client: TestClient, shop: Shop, api: StripeApi, resources: Resources
) -> None:
    assert continue_to_payment(client).status_code == 409
    client.post(f"/cart/items/{shop.add_product(stock=1)}/add", data={"quantity": 2})
    answer = continue_to_payment(client)
    assert (answer.status_code, "only 1 left" in answer.text) == (409, True)
    shop.rows("UPDATE products SET price = 0, inventory_count = 10")
    resources.cache.flushall()
    answer = continue_to_payment(client)
    assert (answer.status_code, "Your cart is USD 0.00" in answer.text) == (409, True)
    wrong = client.post("/checkout", data=CARD_FORM | {"email": "nobody"})
    assert (wrong.status_code, "does not look like an e-mail" in wrong.text) == (422, True)
    assert api.sessions == {}


@pytest.mark.parametrize("misbehaviour", ["is busy", "refuses the key"])
def test_a_stripe_that_refuses_is_a_503_that_says_nothing_was_charged(
    client: TestClient, shop: Shop, api: StripeApi, misbehaviour: str
) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    if misbehaviour == "is busy":
        api.misbehave = ["is busy"]
    else:
        api.keys = set()
    answer = continue_to_payment(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Nothing was charged" in answer.text
    assert "Stripe answered" not in answer.text


def test_a_rolled_key_is_read_again_at_once(
    client: TestClient, shop: Shop, api: StripeApi, resources: Resources
) -> None:
    keys = iter(["sk_test_of_yesterday", KEY])
    with ExitStack() as running:
        account = StripeAccount(lambda: next(keys), base_address=running.enter_context(serve(api)))
        resources.card_entry = StripeCardEntry(account, STORE)
        client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
        assert continue_to_payment(client).status_code == 200


def test_where_customers_come_back_to_is_a_setting_and_never_the_host_that_they_name(
    client: TestClient, shop: Shop, api: StripeApi
) -> None:
    client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    client.post("/checkout", data=CARD_FORM, headers=forged)
    opened = api.sessions["cs_test_1"]
    assert opened["success_url"] == STORE + "/checkout/paid?card={CHECKOUT_SESSION_ID}"
    assert "evil" not in str(opened)


def test_without_a_key_there_is_no_way_to_a_card_and_who_finds_that_is_counted_once(
    shop: Shop, cache_url: str, api: StripeApi, secrets: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    def counted() -> int:
        return capsys.readouterr().out.count('"CheckoutsRefused":[1.0]')

    secrets.add_client_error("get_secret_value", "ResourceNotFoundException")
    with browser(create_application(plain_resources(published(shop.conninfo, cache_url), "stripe"))) as client:
        assert client.get("/checkout").status_code == 303, "an empty cart"
        assert counted() == 0
        client.post(f"/cart/items/{shop.add_product()}/add", data={"quantity": 1})
        assert "takes no payments yet" in client.get("/checkout").text
        assert counted() == 1
        assert continue_to_payment(client).status_code == 503
        assert counted() == 1
        assert client.post("/api/orders", json=CHECKOUT).status_code == 503
        assert counted() == 1


def test_the_api_takes_a_payment_method_of_stripes(client: TestClient, shop: Shop) -> None:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1})
    body = CHECKOUT | {"payment_token": "pm_1OsZ8XLkdIwHu7ix"}
    assert client.post("/api/orders", json=body).status_code == 201
    foreign = CHECKOUT | {"payment_token": "cus_1/pm_card_visa"}  # whose card it is, only the entry says
    assert client.post("/api/orders", json=foreign).status_code == 422


def test_a_storefront_with_stripe_and_no_address_to_come_back_to_does_not_start() -> None:
    with pytest.raises(ValidationError, match="STORE_ADDRESS"):
        Settings(
            retail_environment="test",
            parameter_prefix="/retail/test",
            database_secret_arn="arn",
            database_username="u",
            database_password=SecretStr("p"),
            payment_gateway="stripe",
            payment_secret_arn="arn",
        )
