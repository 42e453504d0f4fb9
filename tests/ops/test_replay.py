"""Row P15: dead letters and the archive come back, and nothing is lost on the way, whatever fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from ops import bus_archive, replay
from tests.ops.fake_queues import BUS_DEAD, DEAD, QUEUE, FakeSqs

EVENT = {
    "id": "1",
    "source": "retail.storefront",
    "detail-type": "OrderPlaced",
    "time": "2026-11-01T08:00:00Z",
    "detail": {"event_id": "e-1", "payload": {"email": "customer@example.com"}},
}


class FakeEvents:
    """A bus with an archive and one rule; a replay ends in the state that the test wants."""

    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []
        self.started: list[dict[str, Any]] = []
        self.states = ["STARTING", "RUNNING", "COMPLETED"]
        self.archives = [{"ArchiveName": "kept"}]

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 boto3's names
        self.put += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "2"}]}

    def describe_event_bus(self, Name: str) -> dict[str, str]:  # noqa: N803
        return {"Arn": f"bus/{Name}"}

    def list_archives(self, **_: str) -> dict[str, Any]:
        return {"Archives": self.archives}

    def describe_archive(self, ArchiveName: str) -> dict[str, str]:  # noqa: N803
        return {"ArchiveArn": f"archive/{ArchiveName}"}

    def list_rules(self, **_: str) -> dict[str, Any]:
        return {"Rules": [{"Name": "retail-test-events-InventoryUpdateRule1-x", "Arn": "rule/inventory"}]}

    def start_replay(self, **request: Any) -> None:
        self.started.append(request)

    def describe_replay(self, **_: str) -> dict[str, Any]:
        return {"State": self.states.pop(0), "StateReason": "the bus is gone"}


class FakeSsm:
    """Knows the bus of the environment `test`."""

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803
        assert Name == "/retail/test/events/bus"
        return {"Parameter": {"Value": "RetailEventBus"}}


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture
def events() -> FakeEvents:
    return FakeEvents()


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, sqs: FakeSqs, events: FakeEvents) -> None:
    fakes = {"sqs": sqs, "events": events, "ssm": FakeSsm()}
    monkeypatch.setattr(boto3, "client", lambda service: fakes[service])
    monkeypatch.setattr(bus_archive, "POLL_SECONDS", 0)


def run(*arguments: str) -> Result:
    """The command as a person gives it."""
    return CliRunner().invoke(replay.app, list(arguments))


def test_dead_letters_go_back_to_the_queue_they_died_in(sqs: FakeSqs) -> None:
    for number in range(25):
        sqs.put(DEAD, f"event {number}", correlation="c", ERROR_CODE="old news")

    result = run("dead-letters", "test")

    assert result.exit_code == 0
    assert "OrderProcessing: 25 put back, 0 refused" in result.stdout
    assert sqs.bodies(QUEUE) == [f"event {number}" for number in range(25)]
    assert {tuple(message["MessageAttributes"]) for message in sqs.queues[QUEUE]} == {("correlation", "RedriveRun")}
    assert not sqs.bodies(DEAD)


def test_unreadable_events_go_back_onto_the_bus_with_the_envelope_they_had(sqs: FakeSqs, events: FakeEvents) -> None:
    sqs.put(BUS_DEAD, json.dumps(EVENT))
    sqs.put(BUS_DEAD, "not an event")

    result = run("dead-letters", "test", "--queue", "Bus")

    assert result.exit_code == 1
    (entry,) = events.put
    assert (entry["EventBusName"], entry["DetailType"]) == ("RetailEventBus", "OrderPlaced")
    assert json.loads(entry["Detail"]) == EVENT["detail"]
    assert sqs.bodies(BUS_DEAD) == ["not an event"]


def test_dry_run_sends_nothing_tells_what_it_would_and_hides_nothing(sqs: FakeSqs) -> None:
    sqs.put(DEAD, json.dumps(EVENT))

    result = run("dead-letters", "test", "--dry-run")

    assert result.exit_code == 0
    assert "OrderProcessing: 1 would be put back" in result.stdout
    assert "OrderPlaced e-1" in result.stderr
    assert "customer@example.com" not in result.output
    assert (len(sqs.bodies(DEAD)), sqs.bodies(QUEUE), sqs.hidden) == (1, [], set())


def test_message_that_cannot_be_sent_stays_and_is_told(sqs: FakeSqs) -> None:
    sqs.put(DEAD, "good")
    sqs.put(DEAD, "bad")
    sqs.refuse.add("bad")

    result = run("dead-letters", "test")

    assert result.exit_code == 1
    assert "no SendMessage for you" in result.stderr
    assert (sqs.bodies(QUEUE), sqs.bodies(DEAD), sqs.hidden & {"m2"}) == (["good"], ["bad"], set())


def test_replay_gives_up_when_the_queue_takes_nothing(sqs: FakeSqs) -> None:
    for number in range(30):
        sqs.put(DEAD, f"event {number}")
    sqs.refuse.add("send")

    result = run("dead-letters", "test", "--json")

    (orders,) = [queue for queue in json.loads(result.stdout)["queues"] if queue["queue"] == "OrderProcessing"]
    assert (result.exit_code, orders["refused"], len(sqs.bodies(DEAD)), sqs.hidden) == (1, 10, 30, set())


def test_message_that_was_sent_and_not_deleted_is_told_as_twice_there(sqs: FakeSqs) -> None:
    sqs.put(DEAD, "event")
    sqs.refuse.add("delete")

    result = run("dead-letters", "test", "--json")

    (orders,) = [queue for queue in json.loads(result.stdout)["queues"] if queue["queue"] == "OrderProcessing"]
    assert (result.exit_code, orders["replayed"], orders["duplicated"]) == (1, 1, 1)
    assert sqs.bodies(QUEUE) == sqs.bodies(DEAD) == ["event"]


def test_message_that_dies_again_at_once_is_sent_once_a_run(sqs: FakeSqs) -> None:
    sqs.put(DEAD, "poison")
    sqs.dies_at_once = True

    result = run("dead-letters", "test")

    assert result.exit_code == 0
    assert sqs.bodies(DEAD) == ["poison"]
    assert sqs.sent == 2


def test_limit_is_kept_and_the_rest_stays(sqs: FakeSqs) -> None:
    for number in range(15):
        sqs.put(DEAD, f"event {number}")

    run("dead-letters", "test", "--limit", "12")

    assert (len(sqs.bodies(QUEUE)), len(sqs.bodies(DEAD))) == (12, 3)


def test_unknown_queue_is_an_error_that_names_the_known_ones() -> None:
    result = run("dead-letters", "test", "--queue", "Orders")

    assert result.exit_code == 1
    assert "there is Bus, OrderProcessing" in " ".join(result.stderr.split())


def test_span_of_the_archive_is_replayed_for_one_consumer(events: FakeEvents) -> None:
    span = ("--since", "2026-11-01T08:00:00", "--until", "2026-11-01T09:00:00")

    result = run("archive", "test", *span, "--consumer", "InventoryUpdate", "--json")

    (started,) = events.started
    assert result.exit_code == 0
    assert json.loads(result.stdout)["replay"] == started["ReplayName"]
    assert started["EventStartTime"] == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert started["Destination"] == {"Arn": "bus/RetailEventBus", "FilterArns": ["rule/inventory"]}


def test_replay_that_eventbridge_does_not_finish_is_a_failure_with_its_reason(events: FakeEvents) -> None:
    events.states = ["STARTING", "FAILED"]

    result = run("archive", "test", "--since", "2026-11-01")

    assert result.exit_code == 1
    assert "FAILED: the bus is gone" in " ".join(result.stderr.split())


def test_dry_run_of_the_archive_starts_nothing(events: FakeEvents) -> None:
    result = run("archive", "test", "--since", "2026-11-01", "--dry-run")

    assert (result.exit_code, events.started) == (0, [])
    assert "Would replay kept" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--since", "2026-11-02", "--until", "2026-11-01"), 2, "is not before"),
        (("--since", "2026-11-01", "--consumer", "Nobody"), 1, "InventoryUpdateRule"),
    ],
)
def test_nonsense_is_refused_with_what_there_is(arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run("archive", "test", *arguments)

    assert result.exit_code == code
    assert words in result.stderr


def test_bus_without_archive_says_so(events: FakeEvents) -> None:
    events.archives = []

    assert "has no archive" in run("archive", "test", "--since", "2026-11-01").stderr


def test_message_that_its_consumer_gives_up_again_at_once_is_sent_once_a_run(sqs: FakeSqs) -> None:
    sqs.put(DEAD, "poison")
    sqs.given_up_again = True

    result = run("dead-letters", "test")

    assert result.exit_code == 0
    assert "OrderProcessing: 1 put back" in result.stdout
    assert sqs.bodies(DEAD) == ["poison"]


def test_messages_that_died_again_do_not_hide_the_ones_behind_them(sqs: FakeSqs) -> None:
    for number in range(25):
        sqs.put(DEAD, f"event {number}")
    sqs.given_up_again = True

    result = run("dead-letters", "test")

    assert "OrderProcessing: 25 put back" in result.stdout
    assert len(sqs.bodies(DEAD)) == 25


def test_reason_of_a_dead_letter_is_told(sqs: FakeSqs) -> None:
    sqs.put(DEAD, json.dumps(EVENT), FailureType="MalformedMessageError", FailureReason="version 9.0")

    assert "MalformedMessageError: version 9.0" in " ".join(run("dead-letters", "test", "--dry-run").stderr.split())
