"""Columns that depend on what the record's contract says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as f

from curation.contracts import CONTRACTS, Contract


def by_type(value: Callable[[Contract], str | int | Sequence[str] | None]) -> Column:
    """What the contract of the record's type says, as a literal; null for an unknown type."""
    found = {name: value(contract) for name, contract in CONTRACTS.items()}
    distinct = []
    for each in found.values():
        if each is not None and each not in distinct:
            distinct.append(each)
    column = f.lit(None)
    for each in distinct:
        types = [name for name in found if found[name] == each]
        column = f.when(f.col("event.detail_type").isin(types), _literal(each)).otherwise(column)
    return column


def _literal(value: str | int | Sequence[str]) -> Column:
    return f.lit(value) if isinstance(value, str | int) else f.array(*map(f.lit, value))
