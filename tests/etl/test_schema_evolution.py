"""A contract grows without a field being lost: before the job knows of it, and across files from before and after."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from curation.tables import CURATED
from retail.events import OrderShipped
from tests.etl.lakes import NOON, ORDER, PRODUCT, TestLake, carried, placed, raw

pytestmark = pytest.mark.slow
Form = Callable[[dict[str, Any]], dict[str, Any]]


def archived(event: dict[str, Any]) -> dict[str, Any]:
    """The event as a consumer archives it."""
    return event


def grown(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The event with fields in its payload that the contract does not know."""
    return event | {"payload": event["payload"] | fields}


def test_unknown_fields_are_kept_as_they_came(lake: TestLake) -> None:
    added = {"gift": True, "note": 'to "you" {17}', "weight": 1.5, "tags": ["a", None], "size": {"x": 1}, "none": None}
    line = raw(placed())["payload"]["lines"][0]
    in_line = grown(raw(placed()), lines=[line | {"engraving": "A"}])
    lake.put(raw(placed()), grown(raw(placed()), **added), in_line, raw(placed()) | {"tenant": "north"})
    lake.put(carried(raw(placed())), carried(grown(raw(placed()), **added)), key="raw/orders/delivery.json.gz")

    lake.run()

    kept = [json.loads(row.unknown_fields or "null") for row in lake.table("orders").collect()]
    assert None in kept
    assert added in kept
    assert {"lines": [line | {"engraving": "A"}]} in kept
    assert {"tenant": "north"} in kept
    assert kept.count(added) == 2
    assert len(kept) == 6


@pytest.mark.parametrize("form", [archived, carried], ids=["archived", "carried"])
def test_unknown_fields_are_valid_json_whatever_their_names_and_values_are(lake: TestLake, form: Form) -> None:
    names = ("größe", r"\E", r"\Q.*", 'a "quoted" name', "=", "", "$.x", "a\nb", "x:", '","')
    values: tuple[Any, ...] = ("groß", "5", 5, -1.5, "true", True, None, "null", "", "=", '"', "\\", "a:", '{"a":"b"}')
    values += ({"größe": "groß", "=": ["=a", "b:"]}, [], {}, ["5", 5], "x" * 100_000, '"\\' * 100_000)
    added = [{f"{name}{number}": value} for name in names for number, value in enumerate(values)]
    quoted_elsewhere: list[dict[str, Any]] = [
        {"weight": 17, "note": '"weight":"17"'},
        {"weight": "17", "size": {"weight": 17}},
    ]
    lake.put(*(form(grown(raw(placed()), **fields)) for fields in (*added, *quoted_elsewhere)))

    account = lake.run()

    kept = [json.loads(text) for (text,) in lake.rows("orders", "unknown_fields")]
    assert account.curated == len(kept) == len(added) + 2
    assert sorted(kept, key=json.dumps) == sorted([*added, *quoted_elsewhere], key=json.dumps)


def test_known_name_is_an_unknown_field_where_the_contract_has_none_of_it(lake: TestLake) -> None:
    shipped, added = raw(OrderShipped(order_id=ORDER)), {"amount": "free", "reason": {"x": 1}}
    without_code = {name: value for name, value in shipped["payload"].items() if name != "tracking_code"}
    lake.put(grown(shipped, **added), grown(shipped | {"payload": without_code, "event_id": str(PRODUCT)}, note=None))

    lake.run()

    assert [json.loads(text) for (text,) in lake.rows("orders", "unknown_fields")] == [added, {"note": None}]


def test_text_that_looks_like_a_field_is_no_unknown_field(lake: TestLake) -> None:
    lake.put(raw(placed(visit_id='"note":"x","y":')))

    lake.run()

    assert lake.rows("orders", "unknown_fields", "visit_id") == [(None, '"note":"x","y":')]


def test_files_of_yesterday_and_today_are_read_together(lake: TestLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.put(raw(placed(), occurred_at=NOON - timedelta(days=1)), raw(placed()))
    lake.run()
    orders = CURATED["orders"]
    placed_before = orders.rows["OrderPlaced"]
    rows = {**orders.rows, "OrderPlaced": lambda events: {**placed_before(events), "gift": True}}
    today = replace(orders, columns={**orders.columns, "gift": "boolean"}, rows=rows)
    monkeypatch.setitem(CURATED, "orders", today)
    lake.put(raw(placed()), key="raw/orders/date=2026-11-20/today.json")
    lake.run()

    assert sorted(map(str, lake.rows("orders", "date", "gift"))) == [
        "('2026-11-19', None)",
        "('2026-11-20', None)",
        "('2026-11-20', True)",
    ]
