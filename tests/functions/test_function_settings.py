"""What functions are told, and how they reach the database."""

import json
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from order_processor.handler import Settings
from retail import clients


class OneSecret:
    """A secrets manager with one secret."""

    def __init__(self, **content: str) -> None:
        self.content = content

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        assert SecretId == "arn:secret"
        return {"SecretString": json.dumps(self.content)}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {
        "RETAIL_ENVIRONMENT": "dev",
        "DATABASE_SECRET_ARN": "arn:secret",
        "DATABASE_HOST": "writer.example",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "retail",
        "LAKE_BUCKET": "lake",
        "EVENT_BUS_NAME": "RetailEventBus",
        "PAYMENT_GATEWAY": "simulator",
    }.items():
        monkeypatch.setenv(name, value)
    return Settings.read()


def test_the_database_is_reached_encrypted_with_the_credentials_of_the_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "secrets_manager", lambda: OneSecret(username="shop", password="it's secret"))
    connection = conninfo_to_dict(settings.conninfo())
    assert (connection["sslmode"], connection["user"], connection["password"]) == ("verify-full", "shop", "it's secret")


def test_a_secret_without_a_password_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "secrets_manager", lambda: OneSecret(username="shop"))
    with pytest.raises(ValueError, match="arn:secret has no 'password'"):
        settings.conninfo()


def test_a_wrong_variable_is_named_without_its_value(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENT_GATEWAY", "barter-with-goats")
    with pytest.raises(ValidationError, match="payment_gateway") as error:
        Settings.read()
    assert "goats" not in str(error.value)
