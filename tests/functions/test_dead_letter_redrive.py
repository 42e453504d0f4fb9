"""Redrive as an operator calls it."""

import json
from typing import Any

import pytest

from dead_letter_redrive import handler as redrive
from retail import clients
from tests.functions.invocation import Context
from tests.ops.fake_queues import BUS_DEAD, DEAD, QUEUE, FakeSqs

EVENT = {"id": "1", "detail-type": "OrderPlaced", "time": "2026-11-01T08:00:00Z", "detail": {"event_id": "e-1"}}
NOTES = {"FailureType": "IllegalTransitionError", "FailureReason": "order 1 is PAID", "GivenUpBy": "order-processor"}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> FakeSqs:
    sqs: Any = FakeSqs()
    monkeypatch.setattr(clients, "sqs", lambda: sqs)
    monkeypatch.setattr(clients, "events", lambda: None)
    for name, value in {
        "RETAIL_ENVIRONMENT": "test",
        "DEAD_LETTER_QUEUES": json.dumps({"OrderProcessing": DEAD, "Bus": BUS_DEAD}),
        "QUEUES": json.dumps({"OrderProcessing": QUEUE}),
        "EVENT_BUS_NAME": "RetailEventBus",
    }.items():
        monkeypatch.setenv(name, value)
    return sqs  # type: ignore[no-any-return]


def test_dead_letters_go_back_without_the_notes_of_their_failure(sqs: FakeSqs) -> None:
    sqs.put(DEAD, json.dumps(EVENT), correlation="c", **NOTES)
    answer = redrive.handler({"consumer": "OrderProcessing"}, Context())
    assert answer["queues"][0]["replayed"] == 1
    assert answer["messages"] == ["OrderPlaced e-1 of 2026-11-01T08:00:00Z: IllegalTransitionError: order 1 is PAID"]
    assert sqs.bodies(DEAD) == []
    assert set(sqs.queues[QUEUE][0]["MessageAttributes"]) == {"correlation", "RedriveRun"}


def test_a_dry_run_tells_the_reasons_and_moves_nothing(sqs: FakeSqs) -> None:
    sqs.put(DEAD, json.dumps(EVENT), **NOTES)
    answer = redrive.handler({"dry_run": True}, Context())
    assert "order 1 is PAID" in answer["messages"][0]
    assert (len(sqs.bodies(DEAD)), sqs.bodies(QUEUE), sqs.hidden) == (1, [], set())


def test_it_stops_in_time_to_answer_and_the_rest_is_where_it_was(sqs: FakeSqs, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        sqs.put(DEAD, f"event {number}")
    left = iter([30_000, 20_000, 9_000, 0])
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", staticmethod(lambda: next(left)))
    answer = redrive.handler({"consumer": "OrderProcessing"}, Context())
    assert answer["queues"][0]["replayed"] == 2
    assert (len(sqs.bodies(QUEUE)), len(sqs.bodies(DEAD)), sqs.hidden & {"m3", "m4", "m5"}) == (2, 3, set())


@pytest.mark.parametrize("order", [{"consumer": "Nobody"}, {"limit": 0}, {"dryrun": True}])
def test_what_it_does_not_understand_it_does_not_do(sqs: FakeSqs, order: dict[str, Any]) -> None:
    sqs.put(DEAD, "event")
    with pytest.raises(ValueError, match=r"OrderProcessing|limit|dryrun"):
        redrive.handler(order, Context())
    assert sqs.bodies(DEAD) == ["event"]
