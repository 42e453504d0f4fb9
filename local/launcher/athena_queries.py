"""Queries as Athena answers them: the emulator hands them to DuckDB word for word, with the types of the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlglot
from ministack.services import athena, glue
from sqlglot import exp

_IN_UTC = "SET TimeZone = 'UTC'; "  # Athena's session; DuckDB would take the zone of the machine
_SHOW_TABLES = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)

Table = Mapping[str, Any]


def answer_as_athena_does() -> None:
    """From now on queries are in Athena's SQL, in UTC, over tables whose columns and types are the catalog's."""
    run, relation, tell = athena._run_duckdb, athena._table_relation, athena._datum_text

    async def translated(query: str, database: str, catalog: str | None = None) -> Any:
        if _SHOW_TABLES.fullmatch(query):
            return _tables(database)
        return await run(_IN_UTC + sqlglot.transpile(query, read="athena", write="duckdb")[0], database, catalog)

    def told(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.replace(tzinfo=None).isoformat(" ", "milliseconds") + (" UTC" if value.tzinfo else "")
        return f"[{', '.join(map(told, value))}]" if isinstance(value, list) else tell(value)

    athena._run_duckdb = translated
    athena._table_relation = lambda table, files: _typed(table, relation(table, files))
    athena._empty_relation = _typed
    athena._datum_text = told


def _typed(table: Table, files: str = "") -> str:
    """The relation of a table's files with the columns of the catalog: null where a file lacks one, none besides.

    Spark's files say of a timestamp that it is a moment, for DuckDB one with a zone; the catalog says that it has none.
    """
    columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
    types = {_quoted(column["Name"]): _duckdb_type(column["Type"]) for column in columns}
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in types.items())
    empty = f"SELECT {nothing} WHERE false"
    if not files:
        return f"({empty})"
    selected = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in types.items())
    # Together with the empty relation, so that every column is there, whatever the files have.
    return f"(SELECT {selected} FROM ({empty} UNION ALL BY NAME SELECT * FROM {files}))"  # noqa: S608  (our own text)


def _duckdb_type(catalog_type: str) -> str:
    """DuckDB's name for a type of Glue's catalog."""
    return exp.DataType.build(catalog_type, dialect="hive").sql(dialect="duckdb")


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")


def _tables(database: str) -> dict[str, Any]:
    names = sorted(table["Name"] for key, table in glue._tables.items() if key.startswith(f"{database}/"))
    return {"columns": ["tab_name"], "column_types": ["string"], "rows": [[name] for name in names]}
