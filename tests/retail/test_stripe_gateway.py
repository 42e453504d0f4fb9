"""The Stripe gateway against Stripe's documented API: one charge for an order, whatever happens to an answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from botocore.stub import Stubber

from retail import clients, stripe_account
from retail.errors import PaymentGatewayMissingError, PaymentUndecidedError
from retail.money import Money
from retail.payments import PaymentOutcome, gateway_named
from retail.stripe_account import RefusedByGatewayError, StripeAccount
from retail.stripe_gateway import StripeGateway
from tests import patience
from tests.retail.stripe_api import KEY, StripeApi, serve

ORDER = uuid4()
AMOUNT = Money.model_validate({"amount": "12.50", "currency": "USD"})


@pytest.fixture
def api() -> StripeApi:
    return StripeApi()


@pytest.fixture
def address(api: StripeApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for limit in ("SECONDS_TO_CONNECT", "SECONDS_TO_ANSWER"):
        monkeypatch.setattr(stripe_account, limit, patience.SECONDS)
    with serve(api) as address:
        yield address


@pytest.fixture
def gateway(address: str) -> StripeGateway:
    return StripeGateway(StripeAccount(lambda: KEY, base_address=address))


def charge(
    gateway: StripeGateway, card: str = "pm_card_visa", *, order_id: UUID = ORDER, hours_ago: float = 0
) -> PaymentOutcome:
    since = datetime.now(UTC) - timedelta(hours=hours_ago)
    return gateway.charge(order_id=order_id, amount=AMOUNT, token=card, asked_since=since)


def test_an_order_is_charged_once_when_it_is_asked_for_twice(gateway: StripeGateway, api: StripeApi) -> None:
    assert charge(gateway) == charge(gateway) == PaymentOutcome("CAPTURED", "pi_1")
    assert (api.charges, api.intents["pi_1"]["amount"]) == ([str(ORDER)], 1250)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_chargeDeclinedInsufficientFunds", "Your card has insufficient funds."),
        ("pm_card_authenticationRequired", "the bank asks for a confirmation"),
        ("tok_of_another_gateway", "The card could not be used."),
    ],
)
def test_a_declined_card_says_why_and_takes_nothing(
    gateway: StripeGateway, api: StripeApi, token: str, reason: str
) -> None:
    for _ in range(2):
        outcome = charge(gateway, token)
        assert (outcome.status, api.charges) == ("DECLINED", [])
        assert reason in (outcome.reason or "")


def test_an_answer_that_comes_too_late_is_asked_for_again_and_charges_once(
    address: str, gateway: StripeGateway, api: StripeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.misbehave = ["is slow after it charged"]
    with monkeypatch.context() as hurried:
        hurried.setattr(stripe_account, "SECONDS_TO_ANSWER", 1.0)
        impatient = StripeGateway(StripeAccount(lambda: KEY, base_address=address))
        with pytest.raises(PaymentUndecidedError):
            charge(impatient)
    api.is_given_up.set()
    assert charge(gateway).status == "CAPTURED"
    assert api.charges == [str(ORDER)]


def test_a_failure_of_stripes_own_is_looked_up_since_it_may_have_charged(
    gateway: StripeGateway, api: StripeApi
) -> None:
    api.misbehave = ["fails after it charged"]
    assert charge(gateway) == PaymentOutcome("CAPTURED", "pi_1")
    assert charge(gateway) == PaymentOutcome("CAPTURED", "pi_1")  # its key answers 500 for a day
    assert api.charges == [str(ORDER)]


def test_a_busy_stripe_is_asked_again_later(gateway: StripeGateway, api: StripeApi) -> None:
    api.misbehave = ["is busy"]
    with pytest.raises(PaymentUndecidedError, match="RateLimitError"):
        charge(gateway)
    assert charge(gateway).status == "CAPTURED"


def test_an_order_that_comes_back_after_days_is_looked_up_before_it_is_charged(
    gateway: StripeGateway, api: StripeApi
) -> None:
    charge(gateway)
    api.kept.clear()  # Stripe forgets its answers after a day
    assert charge(gateway, hours_ago=48) == PaymentOutcome("CAPTURED", "pi_1")
    assert api.charges == [str(ORDER)]
    assert charge(gateway, order_id=UUID(int=7), hours_ago=48).status == "CAPTURED", "never asked for, so asked now"
    assert len(api.charges) == 2


def test_a_request_that_stripe_does_not_understand_is_given_up(gateway: StripeGateway) -> None:
    charge(gateway)
    other = Money.model_validate({"amount": "99.00", "currency": "USD"})
    with pytest.raises(RefusedByGatewayError, match="IdempotencyError"):
        gateway.charge(order_id=ORDER, amount=other, token="pm_card_visa", asked_since=datetime.now(UTC))


def test_a_refund_is_made_once_even_after_its_key_is_forgotten(gateway: StripeGateway, api: StripeApi) -> None:
    reference = charge(gateway).reference
    first = gateway.refund(order_id=ORDER, amount=AMOUNT, reference=reference)
    api.kept.clear()
    assert gateway.refund(order_id=ORDER, amount=AMOUNT, reference=reference) == first == "re_1"
    assert len(api.refunds) == 1


def test_a_refund_that_stripe_failed_to_confirm_is_looked_up(gateway: StripeGateway, api: StripeApi) -> None:
    reference = charge(gateway).reference
    api.misbehave = ["fails after it charged"]
    assert gateway.refund(order_id=ORDER, amount=AMOUNT, reference=reference) == "re_1"


def test_a_key_that_was_rolled_is_read_again(address: str) -> None:
    keys = iter(["sk_test_of_yesterday", KEY])
    gateway = StripeGateway(StripeAccount(lambda: next(keys), base_address=address))
    with pytest.raises(PaymentUndecidedError, match="AuthenticationError"):
        charge(gateway)
    assert charge(gateway).status == "CAPTURED"


def test_amounts_are_in_the_smallest_unit_of_their_currency(gateway: StripeGateway, api: StripeApi) -> None:
    yen = Money.model_validate({"amount": "1200", "currency": "JPY"})
    gateway.charge(order_id=ORDER, amount=yen, token="pm_card_visa", asked_since=datetime.now(UTC))
    assert (api.intents["pi_1"]["amount"], api.intents["pi_1"]["currency"]) == (1200, "jpy")


@pytest.mark.parametrize("content", [None, "{", "{}", '"sk_live"', '{"api_key": null}'])
def test_an_unfilled_secret_says_what_to_put_where(content: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = boto3.client(
        "secretsmanager", region_name="us-east-2", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr(clients, "secrets_manager", lambda: client)
    with Stubber(client) as secrets:
        if content is None:
            secrets.add_client_error("get_secret_value", "ResourceNotFoundException")
        else:
            secrets.add_response("get_secret_value", {"SecretString": content})
        with pytest.raises(PaymentGatewayMissingError, match=r"put .*api_key.* then replay"):
            charge(gateway_named("stripe", secret_arn="arn:aws:secretsmanager:payments"))  # type: ignore[arg-type]


def test_a_card_that_belongs_to_a_customer_is_charged_with_its_customer(gateway: StripeGateway, api: StripeApi) -> None:
    api.attached["pm_card_visa"] = "cus_1"
    assert charge(gateway, "cus_1/pm_card_visa").status == "CAPTURED"
    assert charge(gateway, "pm_card_visa", order_id=UUID(int=7)).status == "DECLINED", "never without"
    assert charge(gateway, "cus_2/pm_card_visa", order_id=UUID(int=8)).status == "DECLINED", "nor with another's"


def test_stripe_without_a_secret_does_not_start() -> None:
    with pytest.raises(ValueError, match="PAYMENT_SECRET_ARN"):
        gateway_named("stripe")
