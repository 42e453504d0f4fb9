"""A line taken as it comes gives just what a closer look at it gives, and whatever is unusual gets the closer look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation import events as reading
from curation.columns import Columns
from curation.contracts import BEGAN
from curation.events import MISFIT, Broken, read
from curation.lines import LINE_AT_MOST
from curation.verdict import Limits, UnsoundError, look
from retail.events import BusEvent
from tests.etl.examples import CHANGED, EVERY_EVENT
from tests.etl.lakes import NOON, carried, raw
from tests.etl.test_verdicts import alike, stricter

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


def looked(lines: Sequence[bytes | None]) -> tuple[list[Any], list[Any]]:
    """What comes of a closer look at each."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "_glance", lambda of: ([], list(range(len(of)))))
        columns, broken = read(lines, LIMITS)
    return told(columns), sorted(broken, key=lambda each: each.number)


def glanced(lines: Sequence[bytes | None]) -> tuple[list[Any], list[Any]]:
    """What comes of a glance, which leaves no sound line to the closer look for the sake of its neighbours."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "_FEW", 1)
        columns, broken = read(lines, LIMITS)
    return told(columns), sorted(broken, key=lambda each: each.number)


@pytest.mark.parametrize("form", [dict, carried], ids=["archived", "carried"])
def test_events_as_the_shop_writes_them_are_taken_as_they_come(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps(form(raw(event))).encode() for event in EVERY_EVENT]
    closely, broken = looked(lines)
    monkeypatch.setattr(reading, "look", lambda line, _: pytest.fail(f"{line} was looked at closely"))

    assert told(read(lines, LIMITS)[0]) == closely
    assert len(closely) == len(EVERY_EVENT)
    assert broken == []


@pytest.mark.parametrize("form", [dict, carried], ids=["archived", "carried"])
def test_at_a_glance_or_closely_a_line_says_the_same(form: Any) -> None:
    lines = [json.dumps(form(event)).encode() for event in (*alike(), *stricter())]

    sound, broken = glanced(lines)

    assert (sound, broken) == looked(lines)
    assert min(len(sound), len(broken)) > 300


SOUND = [json.dumps(form(raw(event))).encode() for event in EVERY_EVENT for form in (dict, carried)]
UNUSUAL = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"'", b"\\", b"//", b"/**/", b"}{", b"}\n{", b'{"a": "', b'"}'),
    *(b" ", b"\t", b"\r", b"\n", b"\0", b"\x0b", b"\xff", b"\xc3\xa4", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(rb"\ud800", rb"\udc00", rb"\ud83d\ude00", rb"\u0000", rb"\u00e4", rb"\/"),
    *(b"null", b"true", b"NaN", b"Infinity", b"-", b"0", b"1", b".0", b"e1"),
    *(b'"payload": {}, ', b'"version": "1.0", ', b'"lines": [], ', b'"total": null, ', b'"x": null, ', b'"x": 1, '),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A line of the shop, of which parts are missing, double, or something else."""
    line = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(line)))
        end = begin + draw(st.sampled_from([0, 0, 1, 2, 20]))
        line = line[:begin] + draw(st.sampled_from([*UNUSUAL, line[begin:end] * 2])) + line[end:]
    return line + draw(st.sampled_from([b"", b"", b"", b" ", line, SOUND[0]]))


@given(st.lists(damaged(), min_size=1, max_size=12))
def test_however_lines_are_damaged_a_glance_says_what_a_closer_look_says(damaged_lines: list[bytes]) -> None:
    lines = [line for each in damaged_lines for line in each.split(b"\n")]

    sound, broken = glanced(lines)

    assert (sound, broken) == looked(lines)
    assert sorted([*(row["number"] for row in sound), *(each.number for each in broken)]) == list(range(len(lines)))


ONE, OTHER = SOUND[0], SOUND[0].replace(b"v1", b"v2")
PAYLOAD = ONE.index(b'"payload": ')
ORDER_OF_NAMES = ("detail_type", "payload", *json.loads(ONE))
PAYLOAD_FIRST = json.dumps({name: json.loads(ONE)[name] for name in ORDER_OF_NAMES}).encode()
END_OF_FIRST = PAYLOAD_FIRST.index(b"}") + 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ONE[:PAYLOAD], ONE[PAYLOAD:] + OTHER),
        (ONE[: PAYLOAD + 11], ONE[PAYLOAD + 11 :] + OTHER),  # cut so that the second begins as an object does
        (PAYLOAD_FIRST[:END_OF_FIRST], PAYLOAD_FIRST[END_OF_FIRST:] + OTHER),  # and so that the first ends like one
        (ONE + OTHER, ONE),
    ],
)
def test_lines_that_hold_two_events_or_parts_of_one_move_no_other(first: bytes, second: bytes) -> None:
    lines = [first, second, OTHER]

    sound, broken = glanced(lines)

    assert (sound, broken) == looked(lines)
    assert 0 in [each.number for each in broken]
    assert sound[-1]["number"] == 2


@pytest.mark.parametrize("text", [b"\xff", b"c\xff", b"\xed\xa0\x80", b"\xc0\x80", rb"\ud800", rb"\udc00x"])
def test_text_that_is_none_breaks_its_line(text: bytes) -> None:
    lines = [OTHER, OTHER.replace(b"v2", text), OTHER]

    sound, broken = glanced(lines)

    assert ([row["number"] for row in sound], [each.number for each in broken]) == ([0, 2], [1])
    assert (sound, broken) == looked(lines)


def test_line_of_a_million_characters_is_taken_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "look", lambda line, _: pytest.fail(f"{line[:100]}… was looked at closely"))
    lines = [ONE, ONE.replace(b"v1", "ä".encode() * (LINE_AT_MOST - len(ONE) + 2)), OTHER]

    assert len(lines[1].decode()) == LINE_AT_MOST
    assert [row["number"] for row in glanced(lines)[0]] == [0, 1, 2]


def test_what_fits_nowhere_even_after_a_closer_look_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = look(OTHER.decode(), LIMITS)
    odd = replace(sound, envelope={**sound.envelope, "odd": 1})
    monkeypatch.setattr(reading, "look", lambda line, _: sound if "v2" in line else odd)

    columns, broken = read([b" " + ONE, b" " + OTHER], LIMITS)

    assert [row["number"] for row in told(columns)] == [1]
    assert broken == [Broken(0, MISFIT, sound.kind)]


@pytest.mark.parametrize("few", [1, 64])
def test_one_line_that_fits_nowhere_leaves_its_neighbours_alone(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_FEW", few)
    sound = json.dumps(raw(EVERY_EVENT[0]))
    lines = [sound, sound.replace("2026-11-20", "2026-02-30"), sound.replace("MUG-1", "\\ud800"), sound]

    columns, broken = read([line.encode() for line in lines], LIMITS)

    assert [row["number"] for row in told(columns)] == [0, 3]
    assert sorted((each.number, each.reason) for each in broken) == [
        (1, "occurred_at is no time with a zone"),
        (2, "is no single JSON object with an event_id"),
    ]


def contents(*events: dict[str, Any]) -> list[int]:
    """The numbers that tell what events say."""
    return [row["content"] for row in told(read([json.dumps(each).encode() for each in events], LIMITS)[0])]


def test_both_forms_of_a_line_have_one_content_and_other_events_another() -> None:
    event = raw(EVERY_EVENT[0])
    other = event | {"payload": event["payload"] | {"visit_id": "v2"}}

    *same, another = contents(event, carried(event), dict(reversed(event.items())), other)

    assert len(set(same)) == 1
    assert another not in same


def test_events_that_differ_in_anything_have_contents_of_their_own() -> None:
    (place,), (cancelled,), (returned,) = (
        [raw(event) for event in EVERY_EVENT if event.detail_type == name]
        for name in ("OrderPlaced", "OrderCancelled", "OrderReturned")
    )
    returned["payload"] = cancelled["payload"]
    visits = [place | {"payload": place["payload"] | {"visit_id": visit}} for visit in (None, "")]

    others = (cancelled | {"correlation_id": "other"}, cancelled | {"occurred_at": "2026-11-20T12:00:00.000001Z"})

    found = contents(*visits, cancelled, returned, *others)

    assert len(set(found)) == 6


def test_texts_that_end_elsewhere_are_another_content() -> None:
    changed = raw(CHANGED)
    said = (
        *({"sku": sku, "name": name} for sku, name in (("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"))),
        *({"categories": categories} for categories in ([], [""], ["", ""], ["ab"], ["a", "b"])),
    )

    found = contents(*(changed | {"payload": changed["payload"] | each} for each in said))

    assert len(set(found)) == len(said)


def test_whatever_is_looked_at_is_an_event_or_says_what_is_wrong() -> None:
    for line in ("", "[]", "1", '"a"', "{}", '{"event_id": 1}', "[" * 100_000, '{"a": 1e999}', "\ud800"):
        with pytest.raises(UnsoundError, match="is no"):
            look(line, LIMITS)


def test_what_is_looked_at_has_the_form_in_which_the_shop_writes_it() -> None:
    for event in EVERY_EVENT:
        line = carried(raw(event))
        written = BusEvent.parse(json.dumps(line)).detail.as_json()

        assert look(json.dumps(line), LIMITS).envelope["payload"] == written["payload"]
