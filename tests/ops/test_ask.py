"""Asking the lake from the command line, with requests and answers checked against Athena's model."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console
from typer.testing import CliRunner, Result

from ops import ask
from ops.curated import columns_of_tables
from ops.synth import ROOT

SQL = "SELECT currency, revenue FROM curated_payments"
IN_WORKGROUP = {"QueryExecutionContext": {"Database": "retail_prod"}, "WorkGroup": "retail-prod"}


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Athena, which has to be asked for in order."""
    session = boto3.Session(region_name="us-east-2", aws_access_key_id="-", aws_secret_access_key="-")
    client = session.client("athena")
    monkeypatch.setattr(boto3, "client", lambda _: client)
    monkeypatch.setattr(ask, "POLL_SECONDS", 0)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ask.app, [*arguments, "--env", "prod"], env={"COLUMNS": "200"})


def has_query(athena: Stubber) -> None:
    query = {"Name": "revenue", "Description": "Money", "Database": "retail_prod", "QueryString": SQL}
    athena.add_response("list_named_queries", {"NamedQueryIds": ["1"]}, {"WorkGroup": "retail-prod"})
    athena.add_response("get_named_query", {"NamedQuery": query}, {"NamedQueryId": "1"})


def runs(athena: Stubber, *states: str, sql: str = SQL, reason: str = "") -> None:
    asked = {"QueryString": sql, **IN_WORKGROUP}
    athena.add_response("start_query_execution", {"QueryExecutionId": "e"}, asked)
    for state in states:
        status = {"State": state, **({"StateChangeReason": reason} if reason else {})}
        athena.add_response("get_query_execution", {"QueryExecution": {"Status": status}}, {"QueryExecutionId": "e"})


def has_tables(athena: Stubber) -> None:
    in_database = {"CatalogName": "AwsDataCatalog", "DatabaseName": "retail_prod"}
    orders = {
        "Name": "curated_orders",
        "Columns": [{"Name": "order_id", "Type": "string"}, {"Name": "total", "Type": "decimal(12,2)"}],
        "PartitionKeys": [{"Name": "date", "Type": "string"}],
    }
    athena.add_response("list_table_metadata", {"TableMetadataList": [orders], "NextToken": "1"}, in_database)
    more = {"TableMetadataList": [{"Name": "quarantine", "Columns": [{"Name": "reason", "Type": "string"}]}]}
    athena.add_response("list_table_metadata", more, {**in_database, "NextToken": "1"})


def answers(athena: Stubber, *rows: list[str | None], names: Sequence[str] = ("currency", "revenue")) -> None:
    """A page for each row, so that a reader of the first page only does not get away with it."""
    columns = {"ColumnInfo": [{"Name": name, "Type": "varchar"} for name in names]}
    for number, row in enumerate(rows):
        data = [{"VarCharValue": value} if value is not None else {} for value in row]
        more = {"NextToken": str(number + 1)} if number + 1 < len(rows) else {}
        asked = {"QueryExecutionId": "e", **({"NextToken": str(number)} if number else {})}
        athena.add_response(
            "get_query_results", {"ResultSet": {"Rows": [{"Data": data}], "ResultSetMetadata": columns}, **more}, asked
        )


def test_named_query_is_answered_whole(athena: Stubber) -> None:
    has_query(athena)
    runs(athena, "QUEUED", "RUNNING", "SUCCEEDED")
    answers(athena, ["currency", "revenue"], ["EUR", "12.50"], ["USD", None])

    told = run("revenue", "--json")

    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == [{"currency": "EUR", "revenue": "12.50"}, {"currency": "USD", "revenue": None}]


def test_sql_is_asked_as_it_is_and_printed_whole_for_other_programs(athena: Stubber) -> None:
    runs(athena, "SUCCEEDED")
    answers(athena, ["currency", "revenue"], ["EUR" * 100, "12.50"], ["a\tb", None])

    printed = list(csv.reader(run(SQL).stdout.splitlines(), dialect="excel-tab"))

    assert printed == [["currency", "revenue"], ["EUR" * 100, "12.50"], ["a\tb", ""]]


def test_narrow_terminal_shows_every_letter(athena: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "console", Console(force_terminal=True, color_system=None, width=12))
    runs(athena, "SUCCEEDED")
    answers(athena, ["reason"], ["from the first letter to the last"], ["[home]"], names=["reason"])

    printed = "".join(run(SQL).stdout.split())

    assert printed == "reasonfromthefirstlettertothelast[home]"


def test_row_with_more_columns_than_a_terminal_holds_is_a_paragraph(
    athena: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "console", Console(force_terminal=True, color_system=None, width=40))
    runs(athena, "SUCCEEDED")
    names = ["order_id", "occurred_at", "total", "step"]
    answers(athena, list(names), ["0154007c", "2026-09-01 20:44:12.008", "57.28", "SHIPPED"], names=names)

    assert [line.strip().split(maxsplit=1) for line in run(SQL).stdout.splitlines()] == [
        ["order_id", "0154007c"],
        ["occurred_at", "2026-09-01 20:44:12.008"],
        ["total", "57.28"],
        ["step", "SHIPPED"],
        [],
    ]


def test_without_a_question_questions_and_tables_are_listed(athena: Stubber) -> None:
    has_query(athena)
    has_tables(athena)

    assert run().stdout.splitlines() == [
        "query\tanswers",
        "revenue\tMoney",
        "",
        "table\tcolumns",
        "curated_orders\torder_id, total, date",
        "quarantine\treason",
    ]


def test_without_a_question_json_has_the_types_of_columns_besides(athena: Stubber) -> None:
    has_query(athena)
    has_tables(athena)

    assert json.loads(run("--json").stdout) == {
        "queries": [{"query": "revenue", "answers": "Money"}],
        "tables": [
            {"table": "curated_orders", "columns": {"order_id": "string", "total": "decimal(12,2)", "date": "string"}},
            {"table": "quarantine", "columns": {"reason": "string"}},
        ],
    }


def test_every_table_is_named_where_analysts_read() -> None:
    text = (ROOT / "docs" / "analytics.md").read_text()
    tables = {f"curated_{name}" for name in columns_of_tables()} | {"quarantine"}
    assert {table for table in tables if f"| `{table}`" in text or f", `{table}` |" in text} == tables


def test_first_row_of_an_answer_without_a_header_is_a_row(athena: Stubber) -> None:
    runs(athena, "SUCCEEDED", sql="SHOW TABLES")
    answers(athena, ["curated_orders"], ["quarantine"], names=["tab_name"])

    told = run("SHOW TABLES", "--json")

    assert json.loads(told.stdout) == [{"tab_name": "curated_orders"}, {"tab_name": "quarantine"}]


def test_unknown_question_is_told_with_those_there_are(athena: Stubber) -> None:
    has_query(athena)

    told = run("revenues")

    assert told.exit_code == 1
    assert "no query revenues in retail-prod, only revenue" in told.output


def test_query_that_fails_is_told_in_athenas_words(athena: Stubber) -> None:
    runs(athena, "FAILED", reason="COLUMN_NOT_FOUND: line 1:8")

    told = run(SQL)

    assert told.exit_code == 1
    assert "COLUMN_NOT_FOUND: line 1:8" in told.output


def test_no_permission_is_told(athena: Stubber) -> None:
    athena.add_client_error("start_query_execution", "AccessDeniedException", "not yours")

    assert "not yours" in run(SQL).output


@pytest.mark.parametrize("sql", [SQL, "SELECT reason FROM quarantine", "SHOW TABLES"])
def test_empty_answer_is_said_to_be_one_whatever_was_asked(athena: Stubber, sql: str) -> None:
    runs(athena, "SUCCEEDED", sql=sql)
    answers(athena, ["currency", "revenue"])

    told = run(sql)

    assert told.stdout == ""
    assert told.stderr.startswith("No rows.")
    assert "days" not in told.stderr
