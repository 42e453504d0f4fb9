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
from retail.account_codes import account_code
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


OTHER = "somebody.else@example.com"


@pytest.fixture
def api(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataApiOverPostgres]:
    """The account, and a shop with two customers."""
    for email in (EMAIL, OTHER):
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


def _code(shop: Shop, email: str = EMAIL) -> str:
    return account_code(shop.rows("SELECT id FROM customers WHERE email = %s", email)[0]["id"])


def test_a_customer_is_let_in_listed_and_let_in_no_longer(api: DataApiOverPostgres, shop: Shop) -> None:
    code = _code(shop)
    assert "Nobody works in test yet" in _run("list").output
    granted = _run("grant", code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    assert (granted.exit_code, _staff(shop)) == (0, [EMAIL])
    assert f"{code} works here now (test): {EMAIL}, Kim [bold] Example" in granted.output.replace("\n", " ")
    assert f"{code}  {EMAIL}  Kim [bold] Example" in _run("list").output
    listed = json.loads(_run("list", "--json").output)
    assert [(one["code"], one["email"], one["is_staff"]) for one in listed] == [(code, EMAIL, True)]
    again = json.loads(_run("grant", code, "--json").output)
    assert again["is_staff"] is True
    assert _run("revoke", code).exit_code == 0
    assert _staff(shop) == []
    assert json.loads(_run("list", "--json").output) == []


def test_whoever_registered_a_colleagues_address_first_is_not_let_in_by_it(
    api: DataApiOverPostgres, shop: Shop
) -> None:
    refused = _run("grant", EMAIL)
    assert (refused.exit_code, _staff(shop)) == (1, [])
    assert "the account's own page" in " ".join(refused.output.split())


@pytest.mark.parametrize("code", ["00000-00000", "' OR true --", "%", "00000-0000", "00000-00001", "UUUUU-UUUUU", ""])
def test_a_code_that_is_no_accounts_lets_nobody_in(api: DataApiOverPostgres, shop: Shop, code: str) -> None:
    refused = _run("grant", code)
    assert (refused.exit_code, _staff(shop)) == (1, [])
    assert "page" in " ".join(refused.output.split())


def test_of_two_accounts_with_one_code_neither_is_let_in(api: DataApiOverPostgres, shop: Shop) -> None:
    code = _code(shop)
    shop.rows("UPDATE customers SET id = (left((SELECT id::text FROM customers WHERE email = %s), 13) "
              "|| right(id::text, 23))::uuid WHERE email = %s", EMAIL, OTHER)  # fmt: skip
    assert _code(shop, OTHER) == code
    assert _run("grant", code).exit_code == 1
    assert _staff(shop) == []


def test_a_database_that_wakes_up_is_waited_for(api: DataApiOverPostgres, shop: Shop) -> None:
    api.resuming = 3
    assert _run("grant", _code(shop)).exit_code == 0
    assert _staff(shop) == [EMAIL]


def test_a_failure_is_said_and_counts_as_one(api: DataApiOverPostgres, shop: Shop) -> None:
    api.fail_with = "AccessDeniedException"
    refused = _run("grant", _code(shop))
    assert (refused.exit_code, _staff(shop)) == (1, [])
    assert "AccessDeniedException" in refused.output
    unknown = _run("list", environment="nowhere")
    assert unknown.exit_code == 1
    assert "ParameterNotFound" in unknown.output


def test_wrong_arguments_are_a_2_and_the_help_has_examples() -> None:
    assert _run("grant").exit_code == 2
    assert _run("dismiss", "7ZBK4-M20XW").exit_code == 2
    assert "python -m ops.staff grant 7ZBK4-M20XW --env prod" in CliRunner().invoke(staff.app, ["--help"]).output
