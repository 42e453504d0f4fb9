"""The tables of `tables.json`, and what rows each event gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType, _parse_datatype_string

from curation.records import BROKEN

PARTITION = "date"
QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Table:
    """One table: where it lies, its columns in order, and the rows that records of these types give it."""

    name: str
    folder: str
    columns: Mapping[str, str]
    events: Sequence[str]
    rows: Callable[[DataFrame], DataFrame]
    main_row: Callable[[], Column] | None = None
    """Which of its rows stand for an event each, so that events can be counted; of the others none does."""

    @property
    def key(self) -> str:
        """The column that identifies the record a row came from."""
        return next(iter(self.columns))

    @property
    def catalog_name(self) -> str:
        """What the catalog calls it."""
        return self.name if self.name == QUARANTINE else f"curated_{self.name}"

    def schema(self) -> StructType:
        """Its columns and the partition, as Spark reads them: what an older file lacks is null."""
        columns = [*self.columns.items(), (PARTITION, "string")]
        schema = _parse_datatype_string(", ".join(f"`{name}` {of_type}" for name, of_type in columns))
        assert isinstance(schema, StructType)  # noqa: S101  (of several columns it is one)
        return schema

    def of(self, records: DataFrame) -> DataFrame:
        """Its rows out of sound, distinct records, in its columns and types."""
        rows = self.rows(records.where(f.col("kind").isin(list(self.events)))).withColumn(self.key, f.col("event_id"))
        columns = [f.col(name).cast(of_type).alias(name) for name, of_type in self.columns.items()]
        return rows.select(*columns, PARTITION)


def _choose(values: Mapping[str, str]) -> Column:
    column = f.lit(None).cast("string")
    for event, value in values.items():
        column = f.when(f.col("kind") == event, f.lit(value)).otherwise(column)
    return column


_STEPS = {
    "OrderPlaced": "PLACED",
    "OrderPaymentFailed": "PAYMENT_FAILED",
    "OrderShipped": "SHIPPED",
    "OrderCancelled": "CANCELLED",
    "OrderReturned": "RETURNED",
}
_ANSWERS = {"PaymentProcessed": "CAPTURED", "OrderPaymentFailed": "DECLINED", "PaymentRefunded": "REFUNDED"}
_MOVEMENTS = {"InventoryReserved": "RESERVED", "InventoryReleased": "RELEASED", "InventoryAdjusted": "ADJUSTED"}


def _orders(records: DataFrame) -> DataFrame:
    pieces = f.aggregate("lines", f.lit(0), lambda sum_, line: sum_ + line["quantity"])
    placed = f.col("kind") == "OrderPlaced"
    of_the_order = {
        name: f.when(placed, value)
        for name, value in (
            ("customer_id", f.col("customer_id")),
            ("visit_id", f.col("visit_id")),
            ("currency", f.col("currency")),
            ("total", f.col("amount")),
            ("pieces", pieces),
        )
    }
    return records.withColumns({"step": _choose(_STEPS), **of_the_order})


def _lines(records: DataFrame, explode: Callable[[str], Column]) -> DataFrame:
    """One row per line, `line` and its number from 1; `explode` says what happens to records without any."""
    position = explode("lines").alias("position", "line")
    return records.select("*", position).withColumn("line_number", f.col("position") + 1)


def _order_items(records: DataFrame) -> DataFrame:
    line = f.col("line")
    unit_price = line["unit_price"]["amount"].cast("decimal(12,2)")
    return _lines(records, f.posexplode).withColumns(
        {
            **{name: line[name] for name in ("product_id", "sku", "name", "quantity")},
            "unit_price": unit_price,
            "line_total": unit_price * line["quantity"],
            "currency": line["unit_price"]["currency"],
        }
    )


def _payments(records: DataFrame) -> DataFrame:
    declined = f.col("kind") == "OrderPaymentFailed"
    return records.withColumns({"status": _choose(_ANSWERS), "reason": f.when(declined, f.col("reason"))})


def _inventory_movements(records: DataFrame) -> DataFrame:
    line, event = f.col("line"), f.col("kind")
    moved = f.when(event == "InventoryReserved", -line["quantity"]).otherwise(line["quantity"])
    adjusted = event == "InventoryAdjusted"
    return _lines(records, f.posexplode_outer).withColumns(
        {
            "line_number": f.coalesce("line_number", f.lit(1)),
            "product_id": f.coalesce(line["product_id"], "product_id"),
            "change": f.when(adjusted, f.col("change")).otherwise(moved),
            "note": f.when(adjusted, f.col("reason")),
            "reason": _choose(_MOVEMENTS),
        }
    )


def _unchanged(records: DataFrame) -> DataFrame:
    return records


def _products(records: DataFrame) -> DataFrame:
    return records.withColumn("price", f.col("amount"))


def _tables(document: Mapping[str, Any]) -> Mapping[str, Table]:
    def curated(name: str, events: Sequence[str], rows: Callable[[DataFrame], DataFrame], main: Any = None) -> Table:
        return Table(name, f"curated/{name}", _columns(document["curated"][name]), events, rows, main)

    tables = (
        curated("orders", list(_STEPS), _orders, lambda: f.lit(True)),
        curated("order_items", ["OrderPlaced"], _order_items),
        curated("payments", list(_ANSWERS), _payments, lambda: f.col("status") != "DECLINED"),
        curated("inventory_movements", list(_MOVEMENTS), _inventory_movements, lambda: f.col("line_number") == 1),
        curated("products", ["ProductChanged"], _products, lambda: f.lit(True)),
        curated("cart_additions", ["ProductAddedToCart"], _unchanged, lambda: f.lit(True)),
    )
    return {table.name: table for table in tables}


def _columns(table: Mapping[str, Any]) -> Mapping[str, str]:
    return {column["name"]: column["type"] for column in table["columns"]}


_DOCUMENT = json.loads(files("curation").joinpath("tables.json").read_text())
CURATED: Mapping[str, Table] = _tables(_DOCUMENT)


def quarantine_table(run: str) -> Table:
    """Where broken records go; `run` is written beside those that this run saw first."""

    def rows(records: DataFrame) -> DataFrame:
        return records.withColumns({"reason": f.col("problem"), "run": f.lit(run)})

    return Table(QUARANTINE, QUARANTINE, _columns(_DOCUMENT[QUARANTINE]), [BROKEN], rows, lambda: f.lit(True))
