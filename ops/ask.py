"""Asks the lake: runs a named query, or SQL, in an environment's Athena workgroup and prints what it answers.

    python -m ops.ask --env prod                                  which questions there are, and which tables
    python -m ops.ask revenue-per-day --env prod
    python -m ops.ask "SELECT reason, count(*) FROM quarantine GROUP BY reason" --env prod --json

A terminal gets tables as wide as it is, or a paragraph for each row; a file or another program gets whole values,
separated by tabs.
Uses the credentials of the caller; on the platform of this machine `make ask` does. Exit codes: 0 answered, 1 not, and
the output says why, 2 wrong arguments.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.refusals import explained

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import NamedQueryTypeDef

POLL_SECONDS = 0.5
NARROWEST = 12  # letters of a column that is still read with ease
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

Row = dict[str, str | None]


class NoAnswerError(Exception):
    """There is no such question, or Athena did not answer it; the message says which and what to do."""


class Workgroup:
    """The Athena workgroup of an environment, over that environment's tables."""

    def __init__(self, athena: AthenaClient, environment: str) -> None:
        self._athena, self._name = athena, f"retail-{environment}"
        self._database = f"retail_{environment}"

    def questions(self) -> dict[str, NamedQueryTypeDef]:
        """Its named queries, by name."""
        pages = self._athena.get_paginator("list_named_queries").paginate(WorkGroup=self._name)
        ids = [query for page in pages for query in page["NamedQueryIds"]]
        found = [self._athena.get_named_query(NamedQueryId=query)["NamedQuery"] for query in ids]
        return {query["Name"]: query for query in sorted(found, key=lambda query: query["Name"])}

    def tables(self) -> dict[str, dict[str, str]]:
        """Name of each table that the catalog has → its columns and their types, the partition's included."""
        pages = self._athena.get_paginator("list_table_metadata").paginate(
            CatalogName="AwsDataCatalog", DatabaseName=self._database
        )
        found = {table["Name"]: table for page in pages for table in page["TableMetadataList"]}
        return {
            name: {
                column["Name"]: column.get("Type", "")
                for column in (*table.get("Columns", []), *table.get("PartitionKeys", []))
            }
            for name, table in sorted(found.items())
        }

    def answer(self, question: str) -> list[Row]:
        """The rows of a named query or of SQL, which has a space, by column; nothing is None.

        Raises NoAnswerError with Athena's reason.
        """
        if not re.search(r"\s", question):
            named = self.questions()
            if question not in named:
                raise NoAnswerError(f"There is no query {question} in {self._name}, only {', '.join(named)}")
            question = named[question]["QueryString"]
        execution = self._athena.start_query_execution(
            QueryString=question, QueryExecutionContext={"Database": self._database}, WorkGroup=self._name
        )["QueryExecutionId"]
        self._wait_for(execution)
        results = list(self._athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution))
        names = [column["Name"] for column in results[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        rows = [[field.get("VarCharValue") for field in row["Data"]] for r in results for row in r["ResultSet"]["Rows"]]
        if rows[:1] == [names]:  # the first row of a SELECT says the columns once more, that of a SHOW does not
            del rows[0]
        return [dict(zip(names, row, strict=False)) for row in rows]  # of a DESCRIBE a row is one text

    def _wait_for(self, execution: str) -> None:
        while True:
            status = self._athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED":
                return
            if status["State"] in ("FAILED", "CANCELLED"):
                raise NoAnswerError(f"Athena: {status['State']}: {status.get('StateChangeReason', 'no reason given')}")
            time.sleep(POLL_SECONDS)


@app.command(epilog="Example: python -m ops.ask top-products --env prod")
def ask(
    question: Annotated[
        str, typer.Argument(help="A named query, or SQL; without it, which queries and tables there are.")
    ] = "",
    environment: Annotated[str, typer.Option("--env", help="dev, staging or prod")] = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output")] = False,
) -> None:
    """Ask the lake through Athena."""
    try:
        workgroup = Workgroup(boto3.client("athena"), environment)
        if question:
            _print_answer(workgroup.answer(question), as_json=as_json)
        else:
            _print_what_there_is(workgroup, as_json=as_json)
    except (NoAnswerError, ClientError, BotoCoreError) as problem:
        _fail(explained(problem))


def _print_answer(rows: list[Row], *, as_json: bool) -> None:
    if as_json:
        _write(rows)
    elif rows:
        _print(list(rows[0]), [list(row.values()) for row in rows])
    else:
        errors.print("No rows. (What the curated tables and the quarantine hold is as new as the last nightly job.)")


def _print_what_there_is(workgroup: Workgroup, *, as_json: bool) -> None:
    questions = [{"query": name, "answers": query.get("Description")} for name, query in workgroup.questions().items()]
    tables = workgroup.tables()
    if as_json:
        _write({"queries": questions, "tables": [{"table": name, "columns": tables[name]} for name in tables]})
        return
    _print(("query", "answers"), [list(question.values()) for question in questions])
    console.print()
    _print(("table", "columns"), [[name, ", ".join(columns)] for name, columns in tables.items()])


def _print(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Nothing is left out, whatever the width: only a terminal has one, and folds values.

    Where that would leave shreds, each row is a paragraph with a line for each column.
    """
    if not console.is_terminal:
        lines = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
        lines.writerows([list(header), *rows])
        return
    table = _table(header, rows)
    whole = console.measure(table, options=console.options.update(width=sys.maxsize)).maximum
    if whole <= console.width or console.width >= len(header) * NARROWEST:
        console.print(table)
        return
    for row in rows:
        console.print(_table(("", ""), zip(header, row, strict=True), show_header=False))
        console.print()


def _table(header: Iterable[str], rows: Iterable[Sequence[str | None]], *, show_header: bool = True) -> Table:
    table = Table(box=None, show_header=show_header)
    for name in header:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(value or "") for value in row))
    return table


def _write(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


def _fail(reason: str) -> NoReturn:
    errors.print(f"ask: {reason}", style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
