"""Each event becomes the rows that analysts are promised."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from retail import events
from tests.etl.examples import CHANGED, ORDER_EVENTS, STOCK_EVENTS
from tests.etl.lakes import NOON, ORDER, PRODUCT, TestLake, carried, placed, raw

pytestmark = pytest.mark.slow


def test_every_event_becomes_its_rows(lake: TestLake) -> None:
    lake.put(*map(raw, ORDER_EVENTS))
    lake.put(*map(raw, STOCK_EVENTS), key="raw/inventory/date=2026-11-20/delivery-1.json.gz")
    lake.put(raw(CHANGED), key="raw/products/date=2026-11-20/one.json")

    account = lake.run()

    product, order = str(PRODUCT), str(ORDER)
    assert (account.read, account.curated) == (12, 12)
    assert lake.rows("orders", "step", "customer_id", "visit_id", "currency", "total", "pieces") == [
        ("CANCELLED", None, None, None, None, None),
        ("PAYMENT_FAILED", None, None, None, None, None),
        ("PLACED", product, "v1", "EUR", Decimal("39.80"), 2),
        ("RETURNED", None, None, None, None, None),
        ("SHIPPED", None, None, None, None, None),
    ]
    assert lake.table("orders").where("step = 'SHIPPED'").first().tracking_code == "T1"  # type: ignore[union-attr]
    assert lake.table("orders").where("step = 'RETURNED'").first().reason == "broken"  # type: ignore[union-attr]
    assert lake.rows("order_items", "order_id", "line_number", "sku", "name", "quantity", "line_total", "currency") == [
        (order, 1, "MUG-1", "Mug", 2, Decimal("39.80"), "EUR")
    ]
    assert lake.rows("payments", "status", "order_id", "amount", "currency", "reference", "reason") == [
        ("CAPTURED", order, Decimal("19.90"), "EUR", "P1", None),
        ("DECLINED", order, None, None, None, "declined"),
        ("REFUNDED", order, Decimal("19.90"), "EUR", "R1", None),
    ]
    assert lake.rows("inventory_movements", "reason", "line_number", "product_id", "change", "note") == [
        ("ADJUSTED", 1, product, -3, "lost"),
        ("RELEASED", 1, product, 2, None),
        ("RESERVED", 1, product, -2, None),
    ]
    assert lake.rows("products", "product_id", "price", "categories", "inventory_count", "active") == [
        (product, Decimal("19.90"), ["kitchen", "gifts"], 9, True)
    ]
    assert lake.rows("cart_additions", "visit_id", "product_id", "quantity", "date") == [
        ("v1", product, 3, "2026-11-20")
    ]


def test_event_is_in_its_tables_once_however_often_it_comes(lake: TestLake) -> None:
    order, shipped = raw(placed()), raw(events.OrderShipped(order_id=ORDER))
    lake.put(order, order, key="raw/orders/date=2026-11-20/one.json")
    lake.put(carried(order), carried(shipped), key="raw/orders/date=2026-11-20/delivery.json.gz")
    first = lake.run()
    state, files = lake.state(), lake.files()
    lake.put(shipped, order, key="raw/orders/date=2026-11-21/again.json")
    second = lake.run()
    third = lake.run()

    assert (first.curated, first.duplicates) == (2, 2)
    assert lake.rows("orders", "step", "unknown_fields") == [("PLACED", None), ("SHIPPED", None)]
    assert (second.read, second.curated, second.duplicates) == (2, 0, 2)
    assert third.read == 0
    assert lake.state() == state
    assert lake.files() == files


def test_late_event_lands_in_its_own_day_and_a_day_stays_one_file(lake: TestLake) -> None:
    late = NOON - timedelta(days=3)
    lake.put(raw(placed(), occurred_at=late), raw(placed()))
    lake.run()
    lake.put(raw(placed(), occurred_at=late), key="raw/orders/date=2026-11-20/late.json")
    lake.run()

    assert lake.rows("orders", "date") == [("2026-11-17",), ("2026-11-17",), ("2026-11-20",)]
    assert [file for file in lake.files() if file.startswith("curated/orders/")] == [
        "curated/orders/date=2026-11-17/part-00000-of-00001.zstd.parquet",
        "curated/orders/date=2026-11-20/part-00000-of-00001.zstd.parquet",
    ]
