"""Whatever lies in the raw zone, every record of it ends in a table or in quarantine, with the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from retail import events
from retail.events import ReservedLine
from tests.etl.lakes import NOON, ORDER, PRODUCT, TestLake, placed, raw

pytestmark = pytest.mark.slow


def changed(**fields: Any) -> dict[str, Any]:
    """A sound event with other fields in its envelope."""
    return raw(placed()) | fields


def with_payload(**fields: Any) -> dict[str, Any]:
    """A sound event with other fields in its payload."""
    event = raw(placed())
    return event | {"payload": event["payload"] | fields}


GLUED = "is no single JSON object with an event_id"
LINE = raw(placed())["payload"]["lines"][0]
BROKEN: dict[str, tuple[str, dict[str, Any] | str]] = {
    "truncated": ("is no single JSON object with an event_id", json.dumps(raw(placed()))[:200]),
    "no JSON": ("is no single JSON object with an event_id", "order 17 was placed"),
    "a list": ("is no single JSON object with an event_id", json.dumps([raw(placed())])),
    "null": ("is no single JSON object with an event_id", "null"),
    "glued": ("is no single JSON object with an event_id", json.dumps(raw(placed())) * 2),
    "glued by a space": (GLUED, f"{json.dumps(raw(placed()))} {json.dumps(raw(placed()))}"),
    "glued by a comma": (GLUED, f"{json.dumps(raw(placed()))},{json.dumps(raw(placed()))}"),
    "glued with others": (GLUED, f"{json.dumps(raw(placed()))} [], {{}}"),
    "brace too many": (GLUED, f"{json.dumps(raw(placed()))}}}"),
    "words after it": (GLUED, f"{json.dumps(raw(placed()))} and so on {{}}"),
    "single quotes": (GLUED, str(raw(placed(customer_id=PRODUCT, visit_id="v")))),
    "not a number": (GLUED, json.dumps(with_payload(weight=float("nan")))),
    "no id": ("is no single JSON object with an event_id", changed(event_id=None)),
    "bad id": ("event_id is no UUID", changed(event_id="17")),
    "no zone": ("occurred_at is no time with a zone", changed(occurred_at="2026-11-20T12:00:00")),
    "no time": ("occurred_at is no time with a zone", changed(occurred_at="yesterday")),
    "never set": ("occurred_at is before the shop began", changed(occurred_at="1970-01-01T00:00:07Z")),
    "first of days": ("occurred_at is before the shop began", changed(occurred_at="0001-01-01T00:00:00Z")),
    "far ahead": ("occurred_at is more than a day ahead", raw(placed(), occurred_at=NOON + timedelta(days=2))),
    "major version": ("version is unknown", changed(version="2.0")),
    "unknown type": ("detail_type is unknown", changed(detail_type="OrderDreamtOf")),
    "payload null": ("payload is missing", changed(payload=None)),
    "payload text": ("payload is missing", changed(payload="nothing")),
    "order id": ("payload.order_id is no UUID", with_payload(order_id=17)),
    "customer id": ("payload.customer_id is no UUID", with_payload(customer_id="me")),
    "no lines": ("payload.lines is incomplete", with_payload(lines=[])),
    "lines text": ("payload.lines is incomplete", with_payload(lines="two mugs")),
    "line null": ("payload.lines is incomplete", with_payload(lines=[None])),
    "quantity text": ("payload.lines is incomplete", with_payload(lines=[LINE | {"quantity": "two"}])),
    "quantity zero": ("payload.lines is incomplete", with_payload(lines=[LINE, LINE | {"quantity": 0}])),
    "total negative": ("payload.total is no amount of money", with_payload(total={"amount": "-1", "currency": "EUR"})),
    "total cents": ("payload.total is no amount of money", with_payload(total={"amount": "1.005", "currency": "EUR"})),
    "total huge": ("payload.total is no amount of money", with_payload(total={"amount": "1e30", "currency": "EUR"})),
    "total currency": ("payload.total is no amount of money", with_payload(total={"amount": "1", "currency": "euro"})),
    "total null": ("payload.total is no amount of money", with_payload(total=None)),
}


def test_broken_record_is_quarantined_with_its_reason_and_its_neighbours_are_not(lake: TestLake) -> None:
    records = {name: record for name, (_, record) in BROKEN.items()}
    lake.put(raw(placed()), *records.values(), "", "   ", raw(placed()))

    account = lake.run()

    expected = [
        (reason, record if isinstance(record, str) else json.dumps(record)) for reason, record in BROKEN.values()
    ]
    assert lake.quarantined() == sorted(expected, key=str)
    assert (account.curated, account.quarantined, account.duplicates) == (2, len(BROKEN), 0)
    assert lake.table("orders").count() == 2


def test_broken_record_tells_by_its_key_where_it_came_from(lake: TestLake) -> None:
    lake.put("{")
    lake.run()
    (row,) = lake.quarantine().collect()

    assert (row.object, row.prefix, row.date) == ("raw/orders/date=2026-11-20/events.json", "orders", "2026-11-20")


def test_event_of_long_ago_stops_no_run_whatever_lets_it_in(lake: TestLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.staging.BEGAN", "0001-01-01T00:00:00+00:00")
    lake.put(raw(placed()) | {"occurred_at": "0001-01-01T00:00:00Z"})

    assert lake.run().curated == 1
    assert lake.rows("orders", "date") == [("0001-01-01",)]


def test_broken_record_is_quarantined_once_however_often_it_is_read(lake: TestLake) -> None:
    lake.put("{", "{")
    first = lake.run()
    lake.put("{", "{", raw(placed()))  # the object in another version
    second = lake.run()

    assert (first.quarantined, first.duplicates) == (1, 1)
    assert (second.quarantined, second.duplicates, second.curated) == (0, 2, 1)
    assert lake.quarantined() == [("is no single JSON object with an event_id", "{")]


def test_object_that_nobody_can_read_is_quarantined_and_holds_nobody_up(lake: TestLake) -> None:
    lake.put(*[raw(placed()) for _ in range(50)], key="raw/orders/date=2026-11-20/half.json.gz")
    half = lake.root / "raw/orders/date=2026-11-20/half.json.gz"
    half.write_bytes(half.read_bytes()[:-200])
    lake.put(raw(placed()), key="raw/orders/date=2026-11-20/_hidden.json")  # Spark would skip such a name
    lake.put(raw(placed()))

    account = lake.run()

    assert (account.read, account.curated, account.quarantined) == (3, 2, 1)
    assert lake.quarantined() == [("is in an object that cannot be read", None)]
    assert {row.object for row in lake.quarantine().collect()} == {"raw/orders/date=2026-11-20/half.json.gz"}


def test_event_under_the_wrong_prefix_is_in_its_table_and_counted(lake: TestLake) -> None:
    reserved = events.InventoryReserved(order_id=ORDER, lines=(ReservedLine(product_id=PRODUCT, quantity=1),))
    lake.put(raw(reserved), raw(placed()))

    account = lake.run()

    assert (account.curated, account.misplaced) == (2, 1)
    assert lake.table("inventory_movements").count() == 1


def test_clock_that_is_a_day_ahead_is_believed_and_counted(lake: TestLake) -> None:
    lake.put(raw(placed(), occurred_at=NOON + timedelta(days=1)), raw(placed(), occurred_at=NOON - timedelta(days=1)))

    account = lake.run()

    assert (account.curated, account.ahead) == (2, 1)
    assert lake.rows("orders", "date") == [("2026-11-19",), ("2026-11-21",)]


def test_fifty_megabytes_are_read_as_many_events_or_as_one(lake: TestLake) -> None:
    huge = with_payload(note="x" * 50_000_000)
    lake.put(huge, key="raw/orders/date=2026-11-20/huge.json")
    many = [raw(placed(visit_id="v" * 2000)) for _ in range(20_000)]
    lake.put(*many, key="raw/orders/date=2026-11-20/many.json")

    account = lake.run()

    assert (lake.root / "raw/orders/date=2026-11-20/many.json").stat().st_size > 50_000_000
    assert (account.read, account.curated, account.quarantined) == (20_001, 20_000, 1)
    ((reason, record),) = lake.quarantined()
    assert reason == "is longer than a million characters, which no event can be"
    assert len(record or "") == 65_536
