"""The curated tables on this machine: files of the lake, asked with the SQL that Athena and Redshift are asked with."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import sqlglot
from sqlglot import exp

from ops.synth import ROOT

TABLES = ROOT / "etl" / "curation" / "tables.json"
SCHEMA_OF_WAREHOUSE = "lake"  # Redshift's name for the catalog's database

Dialect = Literal["athena", "redshift"]
Row = dict[str, Any]


class CuratedTables:
    """Parquet files below `directory` (`orders/date=2026-11-20/….parquet`) as the tables `curated_orders` and so on.

    Columns are those of the tables' one source: a file without one of them gives null, and a table without any file is
    empty. `now` (UTC, naive) is what `current_date` and `current_timestamp` mean; the real time when there is none.
    All times are UTC and have no zone, whichever one this machine is in.
    """

    def __init__(self, directory: Path, *, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC).replace(tzinfo=None)
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")  # Spark's times are moments, which DuckDB tells in its zone
        self._connection.execute(f"CREATE SCHEMA {SCHEMA_OF_WAREHOUSE}")
        for name, columns in columns_of_tables().items():
            relation = _relation(directory / name, columns)
            self._connection.execute(f"CREATE VIEW curated_{name} AS {relation}")
            self._connection.execute(f"CREATE VIEW {SCHEMA_OF_WAREHOUSE}.curated_{name} AS FROM main.curated_{name}")

    def ask(self, query: str, dialect: Dialect) -> list[Row]:
        """The rows of a query of Athena's or Redshift's SQL, by column. Raises duckdb.Error or sqlglot's errors."""
        translated = self._at_our_time(sqlglot.parse_one(query, dialect=dialect)).sql(dialect="duckdb")
        answer = self._connection.execute(translated)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def is_empty(self) -> bool:
        """Whether there is no row in any table."""
        return not any(
            self._connection.execute(f"SELECT 1 FROM curated_{name} LIMIT 1").fetchall()  # noqa: S608  (our own names)
            for name in columns_of_tables()
        )

    def _at_our_time(self, query: exp.Expr) -> exp.Expr:
        day = exp.cast(exp.Literal.string(f"{self._now:%Y-%m-%d}"), "date")
        moment = exp.cast(exp.Literal.string(f"{self._now:%Y-%m-%d %H:%M:%S}"), "timestamp")

        def replaced(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.CurrentDate):
                return day.copy()
            return moment.copy() if isinstance(node, exp.CurrentTimestamp) else node

        there: exp.Expr = query.transform(replaced)
        return there


def columns_of_tables() -> dict[str, dict[str, str]]:
    """Name of each curated table → its columns and DuckDB's types for them, the partition's included."""
    document = json.loads(TABLES.read_text())
    partition = document["partition"]
    return {
        name: {column["name"]: _type(column["type"]) for column in (*table["columns"], partition)}
        for name, table in document["curated"].items()
    }


def _type(catalog_type: str) -> str:
    """DuckDB's name for a type of Glue's catalog."""
    if inner := re.fullmatch(r"array<(.+)>", catalog_type):
        return f"{_type(inner[1])}[]"
    return {"string": "VARCHAR"}.get(catalog_type, catalog_type)


def _relation(directory: Path, columns: dict[str, str]) -> str:
    empty = (
        "SELECT " + ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items()) + " WHERE false"
    )
    if not any(directory.rglob("*.parquet")):
        return empty
    path = f"{directory}/*/*.parquet".replace("'", "''")
    files = f"read_parquet('{path}', hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
    selected = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
    # Together with the empty relation, so that every column is there, of its type, whatever the files have.
    return f"SELECT {selected} FROM ({empty} UNION ALL BY NAME SELECT * FROM {files})"  # noqa: S608  (our own names)
