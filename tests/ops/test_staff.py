"""Who works here is decided by hand, on the real schema, and the tool tells the truth about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg.rows import tuple_row
from typer.testing import CliRunner, Result

from ops import staff
from retail.customers import register
from tests.retail.shop import EMAIL, Shop
from tests.retail.shop import shop as shop

ARN, SECRET = "arn:cluster", "arn:secret"
_PUBLISHED = {"cluster-arn": ARN, "secret-arn": SECRET, "name": "retail"}


class DataApiOverPostgres:
    """The Data API's one operation, on a real PostgreSQL."""

    def __init__(self, conninfo: str) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True, row_factory=tuple_row)
        self.resuming = 0
        self.fail_with = ""

    def execute_statement(
        self,
        *,
        sql: str,
        parameters: list[dict[str, Any]],
        resourceArn: str,  # noqa: N803  boto3's names
        secretArn: str,  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        assert (resourceArn, secretArn) == (ARN, SECRET)
        if self.resuming:
            self.resuming -= 1
            raise ClientError({"Error": {"Code": "DatabaseResumingException"}}, "ExecuteStatement")
        if self.fail_with:
            raise ClientError({"Error": {"Code": self.fail_with, "Message": "no"}}, "ExecuteStatement")
        values = {one["name"]: next(iter(one["value"].values())) for one in parameters}
        statement = re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql)
        cursor = self._connection.execute(statement.encode(), values)
        return {
            "columnMetadata": [{"name": column.name} for column in cursor.description or ()],
            "records": [[_field(value) for value in row] for row in cursor.fetchall()],
        }

    def close(self) -> None:
        self._connection.close()


def _field(value: Any) -> dict[str, Any]:
    return {"booleanValue": value} if isinstance(value, bool) else {"stringValue": value}


class FakeSsm:
    """Knows the database of the environment `test`."""

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803
        prefix, _, name = Name.rpartition("/")
        if prefix != "/retail/test/database":
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": Name}}, "GetParameter")
        return {"Parameter": {"Value": _PUBLISHED[name]}}


@pytest.fixture
def api(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataApiOverPostgres]:
    """The account, and a shop with two customers."""
    for email in (EMAIL, "somebody.else@example.com"):
        register(shop.database, email=email, name="Kim [bold] Example", password="seven purple wagons")
    api = DataApiOverPostgres(shop.conninfo)
    clients = {"ssm": FakeSsm(), "rds-data": api}
    monkeypatch.setattr(boto3, "client", lambda service: clients[service])
    monkeypatch.setattr(staff, "SECONDS_BETWEEN_TRIES", 0.0)
    yield api
    api.close()


def _run(*arguments: str, environment: str = "test") -> Result:
    return CliRunner().invoke(staff.app, [*arguments, "--env", environment])


def _staff(shop: Shop) -> list[str]:
    return [row["email"] for row in shop.rows("SELECT email FROM customers WHERE is_staff")]


def test_a_customer_is_let_in_listed_and_let_in_no_longer(api: DataApiOverPostgres, shop: Shop) -> None:
    assert "Nobody works in test yet" in _run("list").output
    granted = _run("grant", EMAIL.upper())
    assert (granted.exit_code, _staff(shop)) == (0, [EMAIL])
    assert f"{EMAIL} works here now" in granted.output
    assert "Kim [bold] Example" in _run("list").output
    listed = json.loads(_run("list", "--json").output)
    assert [(one["email"], one["is_staff"]) for one in listed] == [(EMAIL, True)]
    again = json.loads(_run("grant", EMAIL, "--json").output)
    assert again["is_staff"] is True
    assert _run("revoke", EMAIL).exit_code == 0
    assert _staff(shop) == []
    assert json.loads(_run("list", "--json").output) == []


@pytest.mark.parametrize("email", ["nobody@example.com", "' OR true --", "%"])
def test_who_has_no_account_cannot_be_let_in(api: DataApiOverPostgres, shop: Shop, email: str) -> None:
    refused = _run("grant", email)
    assert (refused.exit_code, _staff(shop)) == (1, [])
    assert "open one in the shop first" in " ".join(refused.output.split())


def test_a_database_that_wakes_up_is_waited_for(api: DataApiOverPostgres, shop: Shop) -> None:
    api.resuming = 3
    assert _run("grant", EMAIL).exit_code == 0
    assert _staff(shop) == [EMAIL]


def test_a_failure_is_said_and_counts_as_one(api: DataApiOverPostgres, shop: Shop) -> None:
    api.fail_with = "AccessDeniedException"
    refused = _run("grant", EMAIL)
    assert (refused.exit_code, _staff(shop)) == (1, [])
    assert "AccessDeniedException" in refused.output
    unknown = _run("list", environment="nowhere")
    assert unknown.exit_code == 1
    assert "ParameterNotFound" in unknown.output


def test_wrong_arguments_are_a_2_and_the_help_has_examples() -> None:
    assert _run("grant").exit_code == 2
    assert _run("dismiss", EMAIL).exit_code == 2
    assert "python -m ops.staff grant kim@example.com --env prod" in CliRunner().invoke(staff.app, ["--help"]).output
