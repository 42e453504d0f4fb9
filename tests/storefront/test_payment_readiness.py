"""Nobody can order what nobody can charge."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from retail import clients
from storefront import payment_readiness
from storefront.payment_readiness import PaymentReadiness


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client: Any = boto3.client(
        "secretsmanager", region_name="us-east-2", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr(clients, "secrets_manager", lambda: client)
    monkeypatch.setattr(payment_readiness, "SECONDS_BETWEEN_LOOKS", 0.0)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_empty_secret_is_looked_at_until_it_is_filled_and_then_no_more(secrets: Stubber) -> None:
    readiness = PaymentReadiness("arn:aws:secretsmanager:payments")
    secrets.add_client_error("get_secret_value", "ResourceNotFoundException")
    secrets.add_client_error("get_secret_value", "AccessDeniedException")
    secrets.add_response("get_secret_value", {"SecretString": "{}"})
    secrets.add_response("get_secret_value", {"SecretString": '{"api_key": "sk_of_these_tests"}'})
    assert [readiness.is_ready() for _ in range(6)] == [False, False, False, True, True, True]


def test_it_does_not_ask_at_every_checkout(secrets: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payment_readiness, "SECONDS_BETWEEN_LOOKS", 30.0)
    readiness = PaymentReadiness("arn:aws:secretsmanager:payments")
    secrets.add_client_error("get_secret_value", "ResourceNotFoundException")
    assert [readiness.is_ready() for _ in range(3)] == [False, False, False]
