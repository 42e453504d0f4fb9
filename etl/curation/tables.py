"""The tables of `tables.json`, and what rows each event gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.columns import AMOUNT, MOMENT, Columns

PARTITION = "date"
QUARANTINE = "quarantine"
IS_EVENT = "_is_event"  # whether a row stands for an event, so that events can be counted; beside the columns

Rows = Mapping[str, Any]
"""Columns by name: an array, a list, or a value that all rows share; what is missing is null."""

_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "boolean": pa.bool_(),
    "timestamp": MOMENT,
    "decimal(12,2)": AMOUNT,
    "decimal(14,2)": pa.decimal128(14, 2),
    "array<string>": pa.list_(pa.field("element", pa.string())),
}


@dataclass(frozen=True)
class Table:
    """One table: where it lies, its columns in order, and the rows that events of each type give it."""

    name: str
    folder: str
    columns: Mapping[str, str]
    rows: Mapping[str, Callable[[Columns], Rows]]
    has_lines: bool = False
    """Whether an event may have several rows, with numbers in `line_number`."""

    @property
    def key(self) -> str:
        """The column that identifies the record a row came from."""
        return next(iter(self.columns))

    @property
    def catalog_name(self) -> str:
        """What the catalog calls it."""
        return self.name if self.name == QUARANTINE else f"curated_{self.name}"

    @property
    def schema(self) -> pa.Schema:
        """Its columns, without the partition."""
        return pa.schema([(name, _TYPES[of_type]) for name, of_type in self.columns.items()])

    def of(self, events: Columns) -> pa.Table:
        """Its rows out of sound events: its columns, IS_EVENT and PARTITION."""
        each = events.by_line() if self.has_lines else events
        shared = {
            self.key: each.event_id,
            "occurred_at": each.occurred_at,
            "correlation_id": each.correlation_id,
            "unknown_fields": each.unknown_fields,
            PARTITION: each.date,
        }
        return self.holding({**shared, **self.rows[events.kind](each)}, len(each))

    def holding(self, rows: Rows, number: int) -> pa.Table:
        """So many rows with its columns, IS_EVENT, which is true unless given, and PARTITION."""
        schema = self.schema.append(pa.field(IS_EVENT, pa.bool_())).append(pa.field(PARTITION, pa.string()))
        arrays = [_column(rows.get(f.name, f.name == IS_EVENT or None), f.type, number) for f in schema]
        return pa.Table.from_arrays(arrays, schema=schema)


def _column(value: Any, of_type: pa.DataType, number: int) -> pa.Array:
    if isinstance(value, list):
        return pa.array(value, of_type)
    if isinstance(value, pa.Array):
        return value if value.type == of_type else value.cast(of_type)
    return pa.nulls(number, of_type) if value is None else pa.repeat(pa.scalar(value, of_type), number)


def _step(name: str, *fields: str) -> Callable[[Columns], Rows]:
    return lambda events: {"step": name, **{each: events.fields[each] for each in ("order_id", *fields)}}


def _placed(events: Columns) -> Rows:
    return {
        **_step("PLACED", "customer_id", "visit_id", "total")(events),
        "currency": events.fields["total.currency"],
        "pieces": events.sum_of_lines("quantity"),
    }


def _items(lines: Columns) -> Rows:
    price, quantity = lines.fields["unit_price"], lines.fields["quantity"]
    line_total = pc.multiply(price, quantity)
    fits = pc.less(line_total, pa.scalar(_TOO_MUCH))
    return {
        **{name: lines.fields[name] for name in ("order_id", "line_number", "product_id", "sku", "name", "quantity")},
        "unit_price": price,
        "line_total": pc.if_else(fits, line_total, pa.scalar(None, line_total.type)),
        "currency": lines.fields["unit_price.currency"],
        IS_EVENT: False,
    }


def _answer(status: str, **columns: str) -> Callable[[Columns], Rows]:
    given = {"order_id": "order_id", "amount": "amount", "currency": "amount.currency", **columns}
    return lambda events: {
        "status": status,
        IS_EVENT: status != "DECLINED",  # the event is counted in `orders`
        **{name: events.fields[each] for name, each in given.items()},
    }


def _moved(reason: str, sign: int) -> Callable[[Columns], Rows]:
    return lambda lines: {
        "reason": reason,
        "change": pc.multiply(lines.fields["quantity"], pa.scalar(sign, pa.int32())),
        IS_EVENT: pc.equal(lines.fields["line_number"], 1),
        **{name: lines.fields[name] for name in ("order_id", "line_number", "product_id")},
    }


def _adjusted(events: Columns) -> Rows:
    fields = {name: events.fields[name] for name in ("product_id", "change", "inventory_count")}
    return {"reason": "ADJUSTED", "note": events.fields["reason"], "line_number": 1, **fields}


def _product(events: Columns) -> Rows:
    names = ("product_id", "sku", "name", "price", "categories", "inventory_count", "active")
    return {"currency": events.fields["price.currency"], **{name: events.fields[name] for name in names}}


def _in_cart(events: Columns) -> Rows:
    return {name: events.fields[name] for name in ("visit_id", "product_id", "quantity")}


_TOO_MUCH = Decimal(10**12)  # for a line's total
_ROWS: Mapping[str, Mapping[str, Callable[[Columns], Rows]]] = {
    "orders": {
        "OrderPlaced": _placed,
        "OrderPaymentFailed": _step("PAYMENT_FAILED", "reason"),
        "OrderShipped": _step("SHIPPED", "tracking_code"),
        "OrderCancelled": _step("CANCELLED", "reason"),
        "OrderReturned": _step("RETURNED", "reason"),
    },
    "order_items": {"OrderPlaced": _items},
    "payments": {
        "PaymentProcessed": _answer("CAPTURED", reference="payment_reference"),
        "OrderPaymentFailed": _answer("DECLINED", reason="reason"),
        "PaymentRefunded": _answer("REFUNDED", reference="refund_reference"),
    },
    "inventory_movements": {
        "InventoryReserved": _moved("RESERVED", -1),
        "InventoryReleased": _moved("RELEASED", 1),
        "InventoryAdjusted": _adjusted,
    },
    "products": {"ProductChanged": _product},
    "cart_additions": {"ProductAddedToCart": _in_cart},
}


def _columns(table: Mapping[str, Any]) -> Mapping[str, str]:
    return {column["name"]: column["type"] for column in table["columns"]}


_DOCUMENT = json.loads(files("curation").joinpath("tables.json").read_text())
CURATED: Mapping[str, Table] = {
    name: Table(name, f"curated/{name}", columns, _ROWS[name], "line_number" in columns)
    for name, columns in ((name, _columns(table)) for name, table in _DOCUMENT["curated"].items())
}
BROKEN = Table(QUARANTINE, QUARANTINE, _columns(_DOCUMENT[QUARANTINE]), {})
