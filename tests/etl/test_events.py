"""A line taken as it comes gives just what a closer look at it gives, and whatever is unusual gets the closer look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from curation import events as reading
from curation.columns import Columns
from curation.contracts import BEGAN
from curation.events import read
from curation.verdict import Limits, UnsoundError, look
from retail.events import BusEvent
from tests.etl.examples import EVERY_EVENT
from tests.etl.lakes import NOON, carried, raw
from tests.etl.test_verdicts import alike

LIMITS = Limits(NOON, BEGAN)


def told(columns: Sequence[Columns]) -> list[Any]:
    """Everything that columns say, row by row."""
    rows = [_row(each, place) for each in columns for place in range(len(each))]
    return sorted(rows, key=lambda row: int(row["number"]))


def _row(events: Columns, place: int) -> dict[str, Any]:
    texts = (events.event_id, events.occurred_at, events.correlation_id, events.date, events.unknown_fields)
    row = {
        "kind": events.kind,
        "number": int(events.numbers[place]),
        "content": int(events.content[place]),
        "envelope": [column[place].as_py() for column in texts],
        "fields": {name: column[place].as_py() for name, column in events.fields.items()},
    }
    if events.lines:
        ours = [at for at, parent in enumerate(events.lines.parents) if parent == place]
        row["lines"] = {name: column.take(ours).to_pylist() for name, column in events.lines.fields.items()}
    return row


def looked(lines: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], list[Any]]:
    """What comes of a closer look at each."""
    with monkeypatch.context() as patched:
        patched.setattr(reading, "_glance", lambda of, first: ({}, list(range(first, first + len(of)))))
        columns, broken = read(lines, LIMITS)
    return told(columns), sorted(broken, key=lambda each: each.number)


@pytest.mark.parametrize("form", [dict, carried], ids=["archived", "carried"])
def test_events_as_the_shop_writes_them_are_taken_as_they_come(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps(form(raw(event))) for event in EVERY_EVENT]
    closely, broken = looked(lines, monkeypatch)
    monkeypatch.setattr(reading, "look", lambda line, _: pytest.fail(f"{line} was looked at closely"))

    assert told(read(lines, LIMITS)[0]) == closely
    assert len(closely) == len(EVERY_EVENT)
    assert broken == []


@pytest.mark.parametrize("form", [dict, carried], ids=["archived", "carried"])
def test_at_a_glance_or_closely_a_line_says_the_same(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps(form(event)) for event in alike()]
    closely, broken_closely = looked(lines, monkeypatch)

    columns, broken = read(lines, LIMITS)

    assert told(columns) == closely
    assert sorted(broken, key=lambda each: each.number) == broken_closely
    assert min(len(closely), len(broken)) > 300


def test_one_line_that_fits_nowhere_leaves_its_neighbours_alone() -> None:
    sound = json.dumps(raw(EVERY_EVENT[0]))
    lines = [sound, sound.replace("2026-11-20", "2026-02-30"), sound.replace("MUG-1", "\\ud800"), sound]

    columns, broken = read(lines, LIMITS)

    assert [row["number"] for row in told(columns)] == [0, 3]
    assert [(each.number, each.reason) for each in broken] == [
        (1, "occurred_at is no time with a zone"),
        (2, "is no single JSON object with an event_id"),
    ]


def test_both_forms_of_a_line_have_one_content_and_other_events_another() -> None:
    event = raw(EVERY_EVENT[0])
    other = event | {"payload": event["payload"] | {"visit_id": "v2"}}
    lines = [json.dumps(each) for each in (event, carried(event), dict(reversed(event.items())), other)]

    contents = [row["content"] for row in told(read(lines, LIMITS)[0])]

    assert len(set(contents[:3])) == 1
    assert contents[3] != contents[0]


def test_whatever_is_looked_at_is_an_event_or_says_what_is_wrong() -> None:
    for line in ("", "[]", "1", '"a"', "{}", '{"event_id": 1}', "[" * 100_000, '{"a": 1e999}', "\ud800"):
        with pytest.raises(UnsoundError, match="is no"):
            look(line, LIMITS)


def test_what_is_looked_at_has_the_form_in_which_the_shop_writes_it() -> None:
    for event in EVERY_EVENT:
        line = carried(raw(event))
        written = BusEvent.parse(json.dumps(line)).detail.as_json()

        assert look(json.dumps(line), LIMITS).envelope["payload"] == written["payload"]
