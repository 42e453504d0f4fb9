"""Who works here: lets an account into the shop's own pages, or no longer.

    python -m ops.staff grant 7ZBK4-M20XW --env prod
    python -m ops.staff revoke 7ZBK4-M20XW --env prod
    python -m ops.staff list --env prod --json

Whoever is to work here opens an account in the shop, signs in, and says the code on the page /account, in person. An
e-mail address names nobody: it is not confirmed, so a stranger may have opened an account with it first. Talks to the
database through its Data API, in the account of the caller's credentials; AWS_ENDPOINT_URL turns it to the embedded
platform. A change counts from the next request on.
Exit codes: 0 it is as asked for, 1 it is not and the output says why, 2 wrong arguments.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from uuid import UUID

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from ops.refusals import explained
from retail.account_codes import account_code, customer_ids
from retail.errors import WrongAccountCodeError

if TYPE_CHECKING:
    from mypy_boto3_rds_data.type_defs import SqlParameterTypeDef

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=__doc__,
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

EnvironmentName = Annotated[str, typer.Option("--env", help="dev, staging or prod")]
Code = Annotated[str, typer.Argument(help="The code that the account's own page shows")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output")]

SECONDS_TO_RESUME = 60.0  # a paused Aurora needs 15, after a day 30
SECONDS_BETWEEN_TRIES = 3.0

_SET = (
    "UPDATE customers SET is_staff = :works_here WHERE id BETWEEN :first::uuid AND :last::uuid "
    "AND (SELECT count(*) FROM customers WHERE id BETWEEN :first::uuid AND :last::uuid) = 1 "
    "RETURNING id::text AS id, email, name, is_staff"
)
_LIST = "SELECT id::text AS id, email, name, is_staff FROM customers WHERE is_staff ORDER BY lower(email)"


class DataApi:
    """Statements on the database of one environment, found by what the environment publishes."""

    def __init__(self, environment: str) -> None:
        ssm = boto3.client("ssm")

        def published(name: str) -> str:
            return ssm.get_parameter(Name=f"/retail/{environment}/database/{name}")["Parameter"]["Value"]

        self._client = boto3.client("rds-data")
        self._cluster, self._secret = published("cluster-arn"), published("secret-arn")
        self._database = published("name")

    def rows(self, sql: str, **values: str | bool) -> list[dict[str, Any]]:
        """What a statement answers; waits for a database that is waking up."""
        parameters: list[SqlParameterTypeDef] = [
            {"name": name, "value": {"booleanValue": value} if isinstance(value, bool) else {"stringValue": value}}
            for name, value in values.items()
        ]
        deadline = time.monotonic() + SECONDS_TO_RESUME
        while True:
            try:
                answer = self._client.execute_statement(
                    resourceArn=self._cluster,
                    secretArn=self._secret,
                    database=self._database,
                    sql=sql,
                    parameters=parameters,
                    includeResultMetadata=True,
                )
                break
            except ClientError as error:
                resuming = error.response["Error"]["Code"] == "DatabaseResumingException"
                if not resuming or time.monotonic() > deadline:
                    raise
                time.sleep(SECONDS_BETWEEN_TRIES)
        names = [column["name"] for column in answer.get("columnMetadata", [])]
        return [
            dict(zip(names, (next(iter(field.values())) for field in record), strict=True))
            for record in answer.get("records", [])
        ]


@app.command()
def grant(code: Code, environment: EnvironmentName = "dev", as_json: AsJson = False) -> None:
    """Let an account into the shop's own pages."""
    _set(code, environment, works_here=True, as_json=as_json)


@app.command()
def revoke(code: Code, environment: EnvironmentName = "dev", as_json: AsJson = False) -> None:
    """Let an account into the shop's own pages no longer; the account stays."""
    _set(code, environment, works_here=False, as_json=as_json)


@app.command("list")
def list_staff(environment: EnvironmentName = "dev", as_json: AsJson = False) -> None:
    """Everybody who works here."""
    people = [_shown(row) for row in _rows(environment, _LIST)]
    if as_json:
        _write(people)
    for person in [] if as_json else people:
        console.print(f"{person['code']}  {person['email']}  {person['name']}", markup=False)
    if not people and not as_json:
        console.print(f"Nobody works in {environment} yet: python -m ops.staff grant CODE --env {environment}")


def _set(code: str, environment: str, *, works_here: bool, as_json: bool) -> None:
    try:
        first, last = customer_ids(code)
    except WrongAccountCodeError as refusal:
        _fail(f"{code}: {refusal}")
    changed = _rows(environment, _SET, first=str(first), last=str(last), works_here=works_here)
    if not changed:
        _fail(f"No account in {environment} has the code {code}: it stands on the account's own page, at /account")
    person = _shown(changed[0])
    if as_json:
        _write(person)
    else:
        does = "works here now" if works_here else "works here no longer"
        console.print(f"{person['code']} {does} ({environment}): {person['email']}, {person['name']}", markup=False)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {"code": account_code(UUID(row["id"])), **row}


def _rows(environment: str, sql: str, **values: str | bool) -> list[dict[str, Any]]:
    try:
        return DataApi(environment).rows(sql, **values)
    except (BotoCoreError, ClientError) as error:
        _fail(f"{environment}: {explained(error)}")


def _write(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")


def _fail(reason: str) -> NoReturn:
    errors.print(f"staff: {reason}", style="red", markup=False)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
