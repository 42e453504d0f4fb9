"""The job and the shop's models give the same verdict on an event, whatever stands in which of its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import pytest

from curation.tables import CURATED
from retail.errors import MalformedMessageError
from retail.events import CONTRACTS, BusEvent
from tests.etl.examples import EVERY_EVENT
from tests.etl.lakes import PRODUCT, TestLake, carried, placed, raw

pytestmark = pytest.mark.slow

LEFT_OUT = object()
MONEY = {"amount": "1.00", "currency": "EUR"}
LINES = [{"product_id": str(PRODUCT), "quantity": 1, "sku": "A", "name": "B", "unit_price": MONEY}]
VALUES = (
    *(LEFT_OUT, None, True, False, 0, 1, -1, 1.0, 2.5, 10**7),
    *("", "text", "5", "-5", "5.0", "true", "null", "[1", "{", " ", "yes", "a\nb"),
    *([], {}, [None], ["a"], ["a", "5"], ["a", 5], [["a"]], [{"x": 1}], {"x": 1}, MONEY, LINES),
    *map(json.dumps, ([], {}, ["a"], {"x": 1}, MONEY, LINES)),
    *(str(PRODUCT), str(PRODUCT).upper(), f"{PRODUCT}\n", f" {PRODUCT}", "1.0", "1.10", "1.", "1.0\n", "2.0", "1.x"),
)
AMOUNTS = (
    *(19.9, 19, 0, 0.1, 100.0, 1e-7, -1, True, "19.9", "1e2", "1.000", "1.005", "0.0000001", " 1 ", "-0", "-0.01"),
    *("+1", "1.", ".5", "NaN", "Infinity", "9999999999.99", "10000000000", "007.50", "00.10", "1E+2", "1e-2"),
    *("0x10", "", "1,5", "1e400"),
)
CURRENCIES = ("EUR", "eur", "EURO", "EUR\n", "EU", "", 978, None, ["EUR"])
TIMES: tuple[Any, ...] = (
    *(
        f"2026-11-20T11:00:00{zone}"
        for zone in ("Z", "z", "+01:00", "+0100", "-05:30", "-0530", "\u221205:00", "+18:00")
    ),
    *(f"2026-11-20T11:00:00{zone}" for zone in ("", "+01", "+1:00", "+010", "+01:0", "+01:00:00", "+24:00", "+01:60")),
    *(f"2026-11-20T11:00:00{zone}" for zone in (" Z", " +01:00", "UTC", "PST", " Europe/Berlin", "GMT+1", "Z ", "Z\n")),
    *(f"2026-11-20T11:00:00{part}Z" for part in (".5", ",5", ".123456", ".1234567891", ".", ":00", ".x")),
    *(f"2026-11-20{between}11:00:00Z" for between in ("T", "t", " ", "_", "", "  ", "/")),
    *("2026-11-20T11:00Z", "2026-11-20T11:00+01:00", "2026-11-20T11:00+0100", "2026-11-20T11Z", "2026-11-20T11+01:00"),
    *("2026-11-20", "2026-11-20Z", "20261120T110000Z", "2026-W47-5T11:00:00Z", "2026-1-2T11:00:00Z", "now", ""),
    *("2026-11-20T24:00:00Z", "2026-11-20T11:60:00Z", "2026-11-20T11:00:60Z", "2026-02-30T11:00:00Z", "0000-01-01T00Z"),
    *(" 2026-11-20T11:00:00Z", "+2026-11-20T11:00:00Z", "12026-11-20T11:00:00Z", "2024-12-31T23:59:59Z", None, {}, []),
    *("2025-01-01T00:00:00Z", "2025-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z", "1899-12-31T00:00:00+00:00"),
)
AHEAD = "2026-11-21T12:00:00.000001Z"  # by more than a day
STRICTER = {  # what the job alone refuses, by the place of the value
    "event_id": (LEFT_OUT, UUID(int=7).hex, UUID(int=7).urn),
    "version": (LEFT_OUT,),
    "occurred_at": (
        LEFT_OUT,
        1763640000,
        "1763640000",
        "2026-11-20T11:00:00+18:01",
        "2026-11-20T11:00:00-23:59",
        AHEAD,
    ),
    "payload.quantity": (2**31, 10**30),
    "payload.product_id": (PRODUCT.hex, PRODUCT.urn, f"{{{PRODUCT}}}"),
}
ALIKE = {
    "event_id": (*VALUES[1:], "ABCDEF12-1111-4111-8111-111111111111"),
    "occurred_at": (*TIMES, "2026-11-21T12:00:00Z"),
    "version": VALUES[1:],
    "correlation_id": (*VALUES, "x" * 128, "x" * 129, "ß" * 128),
    "payload": VALUES,
}


def with_value(event: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The event, and an id of its own, with this value at `place`, as in `payload.lines.0.sku`."""
    changed = deepcopy(event) | {"event_id": str(uuid4())}
    holder: Any = changed
    *way, name = place.split(".")
    for step in way:
        holder = holder[int(step) if step.isdecimal() else step]
    if value is LEFT_OUT:
        holder.pop(name, None)
    else:
        holder[name] = value
    return changed


def alike() -> Iterator[dict[str, Any]]:
    """Every field of every event with every value, the envelope's of one event."""
    for place, values in ALIKE.items():
        yield from (with_value(raw(placed()), place, value) for value in values)
    for event in map(raw, EVERY_EVENT):
        fields = CONTRACTS[event["detail_type"]].model_fields
        yield from (with_value(event, f"payload.{name}", value) for name in fields for value in VALUES)
    for name in ("product_id", "sku", "name", "quantity", "unit_price"):
        yield from (with_value(raw(placed()), f"payload.lines.0.{name}", value) for value in VALUES)
    for place in ("payload.total", "payload.lines.0.unit_price"):
        yield from (with_value(raw(placed()), f"{place}.amount", value) for value in AMOUNTS)
        yield from (with_value(raw(placed()), f"{place}.currency", value) for value in CURRENCIES)


def stricter() -> Iterator[dict[str, Any]]:
    """What the models take and the job does not."""
    (cart,) = (raw(event) for event in EVERY_EVENT if event.detail_type == "ProductAddedToCart")
    yield from (with_value(cart, place, value) for place, values in STRICTER.items() for value in values)


def is_accepted(event: dict[str, Any]) -> bool:
    """Whether a consumer would take the event."""
    try:
        taken = BusEvent.parse(json.dumps(carried(event)))
        taken.payload(CONTRACTS[taken.detail_type])
    except MalformedMessageError:
        return False
    return True


def curated(lake: TestLake) -> set[str]:
    """The ids of all events that are in tables."""
    return {row.event_id for name in CURATED for row in lake.table(name).select("event_id").collect()}


@pytest.mark.parametrize("form", [dict, carried], ids=["archived", "carried"])
def test_job_accepts_what_the_models_accept_and_nothing_else(lake: TestLake, form: Any) -> None:
    events = list(alike())
    lake.put(*map(form, events))

    account = lake.run()

    taken = curated(lake)
    others = [
        (verdict, event)
        for event in events
        if (verdict := is_accepted(event)) != (str(event.get("event_id")).lower() in taken)
    ]
    assert others == [], f"the models' verdict on {len(others)} of {len(events)} is another"
    assert account.curated + account.duplicates > 300
    assert account.quarantined > 1000


def test_job_is_stricter_only_where_it_says_so(lake: TestLake) -> None:
    events = list(stricter())
    lake.put(*events)

    assert all(map(is_accepted, events))
    assert lake.run().quarantined == len(events)
