"""An id belongs to one event: what else comes by it is no copy, and kept where it can be looked at."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from pyspark.sql import functions as f

from retail.events import OrderShipped
from tests.etl.lakes import EUROS, NOON, ORDER, TestLake, carried, placed, raw

pytestmark = pytest.mark.slow

ID = UUID("33333333-3333-4333-8333-333333333333")
FIRST = raw(placed(), event_id=ID)
LATER = NOON + timedelta(seconds=1)
CONTRADICTIONS = (
    raw(placed(), occurred_at=NOON + timedelta(hours=18)),
    raw(placed(), occurred_at=LATER),
    raw(OrderShipped(order_id=ORDER), occurred_at=LATER),
    raw(placed(total=EUROS), occurred_at=LATER),
)


def test_first_event_of_an_id_counts_and_the_other_is_quarantined(lake: TestLake) -> None:
    firsts = [raw(placed(), event_id=UUID(other["event_id"])) for other in CONTRADICTIONS]
    neighbour = raw(placed())
    lake.put(*CONTRADICTIONS, neighbour, *CONTRADICTIONS, *firsts, *map(carried, firsts), "{")

    account = lake.run()

    assert (account.read, account.curated, account.duplicates, account.quarantined) == (18, 5, 8, 5)
    assert lake.quarantined() == [
        *sorted((("event_id is that of another event", json.dumps(other)) for other in CONTRADICTIONS), key=str),
        ("is no single JSON object with an event_id", "{"),
    ]
    moment = f.col("occurred_at").cast("string")  # in the job's zone: a time that Python is given is told in its own
    kept = lake.table("orders").select("event_id", "step", "total", moment).collect()
    assert {row.event_id for row in kept} == {event["event_id"] for event in (*firsts, neighbour)}
    assert {tuple(row)[1:] for row in kept} == {("PLACED", Decimal("39.80"), f"{NOON:%Y-%m-%d %H:%M:%S}")}


def test_contradiction_is_quarantined_once_however_often_both_are_read(lake: TestLake) -> None:
    other = raw(placed(total=EUROS), event_id=ID)
    lake.put(FIRST, other)
    lake.run()
    state = lake.state()
    lake.put(FIRST, other, raw(placed()))  # the object in another version
    again = lake.run()

    assert (again.curated, again.duplicates, again.quarantined) == (1, 2, 0)
    assert lake.state()["quarantine"] == state["quarantine"]


def test_copies_of_one_event_contradict_nobody_however_they_are_written(lake: TestLake) -> None:
    upper = FIRST | {"event_id": str(ID).upper(), "occurred_at": "2026-11-20T13:00:00+0100"}
    grown = FIRST | {"payload": FIRST["payload"] | {"gift": True}}
    lake.put(FIRST, carried(FIRST), upper, grown, dict(reversed(FIRST.items())))

    account = lake.run()

    assert (account.curated, account.duplicates, account.quarantined) == (1, 4, 0)
