"""A small history of the shop, written down by hand, whose answers can be worked out by hand.

Today is 2026-11-20, 12:00 UTC. Two products: mugs at 10.00 and lamps at 40.00.

| order | customer, visit | placed        | lines          | paid          | then                                    |
|-------|-----------------|---------------|----------------|---------------|-----------------------------------------|
| o1    | ada, v1         | 11-17 09:00   | 2 mugs         | 20.00 at once | shipped after 24 h                      |
| o2    | ada, v2         | 11-18 09:00   | 1 mug, 1 lamp  | 50.00 at once | shipped after 49.5 h: late              |
| o3    | guest, v3       | 11-18 23:30   | 3 lamps        | 120.00, 11-19 | shipped after 29.5 h                    |
| o4    | bob, v4         | 11-17 15:00   | 1 lamp         | 40.00 at once | not shipped; 69 h: late                 |
| o5    | guest, v5       | 11-18 10:00   | 1 mug          | declined      | released                                |
| o6    | guest, none     | 11-16 08:00   | 5 mugs         | 50.00 at once | cancelled 11-18, released, refunded     |
| o7    | ada, none       | 09-15 08:00   | 1 lamp         | 40.00 at once | shipped: outside of 30 days, within 90  |
| o8    | ada, none       | 07-01 08:00   | 9 lamps        | 360.00        | outside of everything                   |

Visits v1 to v5 filled carts (v3 and v6 twice; v6 and v7 ordered nothing; v1's cart is a day older than its order).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ops.curated import columns_of_tables

NOW = datetime(2026, 11, 20, 12)
EUR = "EUR"
MUG = {"product_id": "p-mug", "sku": "MUG", "name": "Mug", "price": 10}
LAMP = {"product_id": "p-lamp", "sku": "LAMP", "name": "Lamp", "price": 40}
GONE = {"product_id": "p-gone", "sku": "GONE", "name": "Not sold any more", "price": 1}

Tables = dict[str, list[dict[str, Any]]]


def history(later: timedelta = timedelta()) -> Tables:
    """Every row of every curated table, or the same so much later."""
    tables: Tables = {name: [] for name in columns_of_tables()}
    for row in (*_orders(), *_carts(), *_stock()):
        table = row.pop("table")
        moment = row["occurred_at"] = row["occurred_at"] + later
        number = sum(len(rows) for rows in tables.values())
        tables[table].append({"event_id": f"e{number}", "correlation_id": "c", "date": f"{moment:%Y-%m-%d}", **row})
    return tables


def write(tables: Mapping[str, list[dict[str, Any]]], directory: Path) -> None:
    """The rows as the job leaves them: zstd Parquet in a folder for each day, timestamps with a zone as Spark's are."""
    with duckdb.connect() as connection:
        for name, columns in columns_of_tables().items():
            kinds = {column: "TIMESTAMPTZ" if kind == "timestamp" else kind for column, kind in columns.items()}
            definition = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
            connection.execute(f"CREATE TABLE {name} ({definition})")
            for row in tables[name]:
                assert set(row) <= set(columns), f"{name} has no {set(row) - set(columns)}"
                connection.table(name).insert([row.get(column) for column in columns])
            if tables[name]:
                target = directory / name
                target.mkdir(parents=True)
                options = "FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date)"
                connection.execute(f"COPY {name} TO '{target}' ({options})")


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=UTC)


def _orders() -> Iterator[dict[str, Any]]:
    mug, lamp = MUG, LAMP
    yield from _placed("o1", "ada", "v1", at("11-17T09:00"), [(mug, 2)])
    yield from _placed("o2", "ada", "v2", at("11-18T09:00"), [(mug, 1), (lamp, 1)])
    yield from _placed("o3", None, "v3", at("11-18T23:30"), [(lamp, 3)])
    yield from _placed("o4", "bob", "v4", at("11-17T15:00"), [(lamp, 1)])
    yield from _placed("o5", None, "v5", at("11-18T10:00"), [(mug, 1)])
    yield from _placed("o6", None, None, at("11-16T08:00"), [(mug, 5)])
    yield from _placed("o7", "ada", None, at("09-15T08:00"), [(lamp, 1)])
    yield from _placed("o8", "ada", None, at("07-01T08:00"), [(lamp, 9)])
    yield _paid("o1", at("11-17T09:00"), 20)
    yield _paid("o2", at("11-18T09:00"), 50)
    yield _paid("o3", at("11-18T23:36") + timedelta(hours=1), 120)
    yield _paid("o4", at("11-17T15:00"), 40)
    declined = {"table": "payments", "status": "DECLINED", "reason": "card_declined"}
    yield {**declined, "order_id": "o5", "occurred_at": at("11-18T10:01"), "amount": None, "currency": None}
    yield _paid("o6", at("11-16T08:00"), 50)
    yield {**_paid("o6", at("11-18T12:00"), 50), "status": "REFUNDED"}
    yield _paid("o7", at("09-15T08:00"), 40)
    yield _paid("o8", at("07-01T08:00"), 360)
    for order, step, moment in (
        ("o1", "SHIPPED", at("11-18T09:00")),
        ("o2", "SHIPPED", at("11-20T10:30")),
        ("o3", "SHIPPED", at("11-20T05:00")),
        ("o5", "PAYMENT_FAILED", at("11-18T10:01")),
        ("o6", "CANCELLED", at("11-18T11:00")),
        ("o7", "SHIPPED", at("09-16T08:00")),
        ("o8", "SHIPPED", at("07-02T08:00")),
    ):
        yield {"table": "orders", "order_id": order, "step": step, "occurred_at": moment}


def _placed(
    order: str, customer: str | None, visit: str | None, moment: datetime, lines: list[tuple[dict[str, Any], int]]
) -> Iterator[dict[str, Any]]:
    known = {"order_id": order, "occurred_at": moment, "currency": EUR}
    yield {
        "table": "orders",
        **known,
        "step": "PLACED",
        "customer_id": customer,
        "visit_id": visit,
        "total": sum(product["price"] * quantity for product, quantity in lines),
        "pieces": sum(quantity for _, quantity in lines),
    }
    for number, (product, quantity) in enumerate(lines, start=1):
        price = product["price"]
        of_product = {key: product[key] for key in ("product_id", "sku", "name")}
        amounts = {"quantity": quantity, "unit_price": price, "line_total": price * quantity}
        yield {"table": "order_items", **known, "line_number": number, **of_product, **amounts}
        yield _moved(product, moment, -quantity, "RESERVED", order_id=order, line_number=number)


def _paid(order: str, moment: datetime, amount: int) -> dict[str, Any]:
    known = {"table": "payments", "order_id": order, "occurred_at": moment}
    return {**known, "status": "CAPTURED", "amount": amount, "currency": EUR, "reference": f"ch_{order}"}


def _moved(product: dict[str, Any], moment: datetime, change: int, reason: str, **more: Any) -> dict[str, Any]:
    known = {"table": "inventory_movements", "product_id": product["product_id"], "occurred_at": moment}
    return {"line_number": 1, **known, "change": change, "reason": reason, **more}


def _carts() -> Iterator[dict[str, Any]]:
    for visit, moment in (
        ("v1", at("11-16T20:00")),
        ("v2", at("11-18T08:50")),
        ("v3", at("11-18T23:00")),
        ("v3", at("11-18T23:10")),
        ("v4", at("11-17T14:00")),
        ("v5", at("11-18T09:50")),
        ("v6", at("11-16T10:00")),
        ("v6", at("11-17T10:00")),
        ("v7", at("10-01T10:00")),
    ):
        yield {
            "table": "cart_additions",
            "visit_id": visit,
            "occurred_at": moment,
            "product_id": "p-mug",
            "quantity": 1,
        }


def _stock() -> Iterator[dict[str, Any]]:
    """Mugs were 100, then 60 were counted on the 17th at noon; lamps 30 since October; one product is not sold."""
    begin = at("06-01T00:00")
    for product, pieces, active in ((MUG, 100, True), (LAMP, 50, True), (GONE, 7, True)):
        yield _product(product, begin, pieces, active=active)
    yield _product(LAMP, at("10-01T00:00"), 30, active=True)
    yield _product(GONE, at("10-01T00:00"), 7, active=False)
    counted = {"note": "stocktaking", "inventory_count": 60}
    yield _moved(MUG, at("11-17T12:00"), -30, "ADJUSTED", **counted)
    yield _moved(MUG, at("11-18T10:01"), 1, "RELEASED", order_id="o5")
    yield _moved(MUG, at("11-18T11:00"), 5, "RELEASED", order_id="o6")


def _product(product: dict[str, Any], moment: datetime, pieces: int, *, active: bool) -> dict[str, Any]:
    row = {"table": "products", **product, "occurred_at": moment, "currency": EUR, "categories": ["home"]}
    return {**row, "inventory_count": pieces, "active": active}
