"""Row P8: the database's password changes, step by step, against a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from database_secret_rotation import handler as module
from database_secret_rotation.handler import Rotation, RotationError, handler
from retail import clients
from tests.functions.invocation import Context
from tests.functions.rotated_secret import STEPS, SecretsManager

ARN = "arn:aws:secretsmanager:us-east-2:000000000000:secret:database"
USER = "rotated_owner"


class Owner:
    """The database's user, its secret, and a way to call the function."""

    def __init__(self, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address = conninfo_to_dict(database_url)
        self.secrets = SecretsManager({"username": USER, "password": "first", "engine": "postgres"})
        self.published = {
            "/retail/test/database/writer-endpoint": str(self.address["host"]),
            "/retail/test/database/port": str(self.address["port"]),
            "/retail/test/database/name": str(self.address["dbname"]),
        }
        monkeypatch.setattr(clients, "secrets_manager", lambda: self.secrets)
        monkeypatch.setattr(clients, "ssm", lambda: self)
        monkeypatch.setattr(module, "Rotation", lambda *given: Rotation(*given, sslmode="disable"))
        for name, value in {
            "RETAIL_ENVIRONMENT": "test",
            "DATABASE_SECRET_ARN": ARN,
            "PARAMETER_PREFIX": "/retail/test",
        }.items():
            monkeypatch.setenv(name, value)

    def get_parameters(self, *, Names: list[str]) -> dict[str, Any]:  # noqa: N803  boto3's name
        """As the parameter store answers: what there is of what was asked for."""
        found = [{"Name": name, "Value": self.published[name]} for name in Names if name in self.published]
        return {"Parameters": found, "InvalidParameters": [name for name in Names if name not in self.published]}

    def enters_with(self, password: str) -> bool:
        try:
            psycopg.connect(**{**self.address, "user": USER, "password": password}).close()  # type: ignore[arg-type]  # mixed values
        except psycopg.OperationalError:
            return False
        return True

    @staticmethod
    def step(step: str, token: str) -> None:
        handler({"SecretId": ARN, "ClientRequestToken": token, "Step": step}, Context())


@pytest.fixture
def owner(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'first'").format(sql.Identifier(USER)))
        yield Owner(database_url, monkeypatch)
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(USER)))


def test_p8_a_rotation_changes_the_password_and_keeps_everything_else(owner: Owner) -> None:
    token = owner.secrets.begin()
    for step in STEPS:
        owner.step(step, token)

    current = owner.secrets.current()
    assert owner.enters_with(current["password"])
    assert not owner.enters_with("first")
    assert len(current["password"]) == 40
    assert current | {"password": ""} == {"username": USER, "password": "", "engine": "postgres"}
    assert owner.secrets.stages["first"] == ["AWSPREVIOUS"]


def test_p8_every_step_may_come_twice(owner: Owner) -> None:
    token = owner.secrets.begin()
    for step in STEPS:
        owner.step(step, token)
        owner.step(step, token)

    assert owner.enters_with(owner.secrets.current()["password"])


@pytest.mark.parametrize("reached", range(1, 5))
def test_p8_a_rotation_that_stopped_anywhere_is_done_by_running_it_again(reached: int, owner: Owner) -> None:
    token = owner.secrets.begin()
    for step in STEPS[:reached]:
        owner.step(step, token)
    for step in STEPS:
        owner.step(step, token)

    assert owner.enters_with(owner.secrets.current()["password"])


def test_p8_one_rotation_follows_another(owner: Owner) -> None:
    passwords = []
    for _ in range(2):
        token = owner.secrets.begin()
        for step in STEPS:
            owner.step(step, token)
        passwords.append(owner.secrets.current()["password"])

    assert len(set(passwords)) == 2
    assert [owner.enters_with(password) for password in passwords] == [False, True]


def test_p8_a_password_that_the_database_does_not_have_never_becomes_current(owner: Owner) -> None:
    token = owner.secrets.begin()
    owner.step("createSecret", token)

    with pytest.raises(RotationError, match="does not accept the pending password: set it first"):
        owner.step("testSecret", token)
    assert owner.secrets.current()["password"] == "first"


def test_p8_no_statement_holds_a_password(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    execute = psycopg.Connection.execute

    def noted(connection: psycopg.Connection, statement: sql.Composed | str) -> Any:
        statements.append(statement if isinstance(statement, str) else statement.as_string(connection))
        return execute(connection, statement)

    monkeypatch.setattr(psycopg.Connection, "execute", noted)
    token = owner.secrets.begin()
    for step in STEPS:
        owner.step(step, token)

    assert any("SCRAM-SHA-256$" in statement for statement in statements)
    assert not any(owner.secrets.current()["password"] in statement for statement in statements)


def test_p8_a_database_that_is_away_is_not_taken_for_a_refusal(owner: Owner) -> None:
    token = owner.secrets.begin()
    owner.step("createSecret", token)
    owner.published["/retail/test/database/port"] = "1"

    with pytest.raises(psycopg.OperationalError):
        owner.step("setSecret", token)


def test_p8_a_schedule_is_made_before_the_database_and_rotates_nothing_without_one(owner: Owner) -> None:
    owner.published = {}
    token = owner.secrets.begin()
    owner.step("testSecret", token)

    with pytest.raises(RotationError, match="no database is published under /retail/test: deploy it first"):
        owner.step("createSecret", token)
    assert owner.secrets.values.keys() == {"first"}


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"SecretId": "another"}, "another is not the secret that this function rotates"),
        ({"ClientRequestToken": "unknown"}, "version unknown is not being rotated to"),
        ({"Step": "dropSecret"}, "step 'dropSecret' is unknown"),
    ],
)
def test_p8_a_call_that_is_no_step_of_this_rotation_is_refused(
    event: dict[str, str], message: str, owner: Owner
) -> None:
    asked = {"SecretId": ARN, "ClientRequestToken": owner.secrets.begin(), "Step": "createSecret", **event}

    with pytest.raises((RotationError, ValueError), match=message):
        handler(asked, Context())
    assert owner.secrets.current()["password"] == "first"
