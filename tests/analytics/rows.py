"""Curated tables of a few rows, for questions that the known history does not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb


def put(directory: Path, table: str, day: str, *rows: dict[str, Any]) -> None:
    """The rows are that day of the table, besides what it has."""
    folder = directory / table / f"date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{len(list(folder.iterdir()))}.parquet"
    written = file.with_suffix(".json")
    written.write_text(json.dumps(rows))
    duckdb.execute(f"COPY (FROM read_json('{written}')) TO '{file}' (FORMAT parquet)")
    written.unlink()
