"""Redshift's Data API over a warehouse of its own: requests are checked against AWS's model, statements against its
guide's syntax, and they really run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import duckdb
import sqlglot
from botocore.validate import validate_parameters

from ops.curated import columns_of_tables
from tests.analytics.redshift import problems_of_statement

Failure = Callable[[str], str | None]  # a statement → what Redshift says against it, if anything


@cache
def client(service: str) -> Any:
    """A client of that service that never reaches AWS; making one takes longer than a test."""
    session = boto3.Session(region_name="us-east-2", aws_access_key_id="-", aws_secret_access_key="-")
    return session.client(service)  # type: ignore[call-overload]  # any service


class DataApi:
    """The client `redshift-data`. `fails` decides which statements fail; `stuck` ones never end.

    DuckDB stands in for Redshift: it knows no materialized views, so a table takes the place of one, and no roles, so
    `granted` holds what each has been granted.
    """

    def __init__(self) -> None:
        self._model = client("redshift-data").meta.service_model
        self._warehouse = duckdb.connect()
        self._warehouse.execute("CREATE TABLE svv_roles (role_name VARCHAR PRIMARY KEY)")
        self._results: dict[str, tuple[str, Any]] = {}
        self.ran: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.granted: dict[str, set[str]] = {}
        self.fails: Failure = lambda _sql: None
        self.stuck: Callable[[str], bool] = lambda _sql: False

    def execute_statement(self, **request: Any) -> dict[str, Any]:
        self._check("ExecuteStatement", request)
        assert problems_of_statement(request["Sql"]) == []
        self.requests.append(request)
        name, sql = f"statement-{request['ClientToken'][:26]}", request["Sql"]
        if name in self._results:  # a token that it knows is the statement that it knows
            return {"Id": name}
        if self.stuck(sql):
            self._results[name] = ("STARTED", None)
        elif reason := self.fails(sql):
            self._results[name] = ("FAILED", reason)
        else:
            self.ran.append(sql)
            self._results[name] = ("FINISHED", self._run(sql))
        return {"Id": name}

    def describe_statement(self, **request: Any) -> dict[str, Any]:
        self._check("DescribeStatement", request)
        status, result = self._results[request["Id"]]
        return {"Id": request["Id"], "Status": status, **({"Error": result} if status == "FAILED" else {})}

    def cancel_statement(self, **request: Any) -> dict[str, Any]:
        self._check("CancelStatement", request)
        self.cancelled.append(request["Id"])
        return {"Status": True}

    def get_paginator(self, operation: str) -> DataApi:
        assert operation == "get_statement_result"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """One row a page, so that a reader of the first page only does not get away with it."""
        self._check("GetStatementResult", request)
        for row in self._results[request["Id"]][1]:
            yield {"Records": [[{"stringValue": str(field)} for field in row]]}

    def views(self) -> set[str]:
        """What lies in the schema of the dashboard, its ledger left out."""
        tables = self._warehouse.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'dashboard'"
        ).fetchall()
        return {name for (name,) in tables} - {"deployed_views"}

    def ledger(self) -> list[tuple[str, str]]:
        """Which text each view was made of, as the set-up remembers it."""
        return self._warehouse.execute("SELECT name, fingerprint FROM dashboard.deployed_views ORDER BY 1").fetchall()

    def _check(self, operation: str, request: dict[str, Any]) -> None:
        shape = self._model.operation_model(operation).input_shape
        assert shape is not None
        validate_parameters(request, shape)

    def _run(self, sql: str) -> list[Any]:
        if sql.startswith("CREATE EXTERNAL SCHEMA IF NOT EXISTS lake "):
            self._warehouse.execute("CREATE SCHEMA IF NOT EXISTS lake")
            for name, columns in columns_of_tables().items():
                definition = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                self._warehouse.execute(f"CREATE TABLE IF NOT EXISTS lake.curated_{name} ({definition})")
            return []
        if view := re.match(r"CREATE MATERIALIZED VIEW (\S+) AUTO REFRESH NO AS\n(.+)", sql, re.DOTALL):
            sql = f"CREATE TABLE {view[1]} AS {sqlglot.transpile(view[2], read='redshift', write='duckdb')[0]}"
        elif role := re.fullmatch(r"CREATE ROLE (\w+)", sql):
            self.granted[role[1]] = set()
            sql = f"INSERT INTO svv_roles VALUES ('{role[1]}')"  # noqa: S608  (the function's own); twice is refused
        elif grant := re.fullmatch(r"GRANT (\w+) ON (.+) TO ROLE (\w+)", sql):
            return self._grant(grant[1], grant[2].removeprefix("SCHEMA ").split(", "), grant[3])
        elif refreshed := re.fullmatch(r"REFRESH MATERIALIZED VIEW (\S+)", sql):
            sql = f"FROM {refreshed[1]}"
        elif dropped := re.fullmatch(r"DROP MATERIALIZED VIEW IF EXISTS (\S+)", sql):
            sql = f"DROP TABLE IF EXISTS {dropped[1]}"
            for grants in self.granted.values():
                grants.discard(f"SELECT {dropped[1]}")
        return self._warehouse.execute(sql).fetchall()

    def _grant(self, privilege: str, objects: list[str], role: str) -> list[Any]:
        for name in objects:
            there = f"FROM {name}" if privilege == "SELECT" else f"CREATE SCHEMA IF NOT EXISTS {name}"
            self._warehouse.execute(there)
            self.granted[role].add(f"{privilege} {name}")
        return []
