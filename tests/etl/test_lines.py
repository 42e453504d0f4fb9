"""Lines are read as they are: of an object all of them, or none."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from curation import lines as reading
from curation.lake import DirectoryLake
from curation.lines import LINE_AT_MOST, gathered, readable

KEY = "raw/orders/date=2026-11-20/a.json"


@pytest.fixture
def lake(tmp_path: Path) -> DirectoryLake:
    """An empty lake."""
    return DirectoryLake(tmp_path)


def read(lake: DirectoryLake, *keys: str) -> list[tuple[str, bytes | None]]:
    """Object and text of each line."""
    sizes: Sequence[tuple[str, int]] = [(key, len(lake.read(key) or b"")) for key in keys]
    found = list(gathered(lake, sizes))
    return [
        (each.objects[place], text) for each in found for place, text in zip(each.places(), each.texts, strict=True)
    ]


def test_lines_end_where_they_end_and_blank_ones_are_none(lake: DirectoryLake) -> None:
    lake.write(KEY, b'{"a": 1}\r\n\n  \n{"b": "\xc3\xa4"}\n\t\nlast')

    assert [text for _, text in read(lake, KEY)] == [b'{"a": 1}\r', b'{"b": "\xc3\xa4"}', b"last"]


@pytest.mark.parametrize("at_once", [1, 3, 7, 2**20])
def test_wherever_reading_pauses_lines_are_the_same(
    lake: DirectoryLake, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    lines = [b"{}", "größe".encode(), b"x" * 50, "€".encode()]
    lake.write(KEY, b"\n".join(lines))
    lake.write(f"{KEY}.gz", gzip.compress(b"first\n") + gzip.compress(b"second member\n"))
    monkeypatch.setattr(reading, "_AT_ONCE", at_once)

    assert [text for _, text in read(lake, KEY, f"{KEY}.gz")] == [*lines, b"first", b"second member"]


@pytest.mark.parametrize("in_memory", [0, 2**20])
def test_object_that_breaks_off_is_not_read_at_all(
    lake: DirectoryLake, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(reading, "_IN_MEMORY", in_memory)
    lake.write(f"{KEY}.gz", gzip.compress(b"{}\n" * 100_000)[:-9])
    lake.write(f"{KEY}.no.gz", b"{}")
    lake.write(KEY, b"{}")

    assert read(lake, f"{KEY}.gz", KEY, f"{KEY}.no.gz") == [(f"{KEY}.gz", None), (KEY, b"{}"), (f"{KEY}.no.gz", None)]


def test_bytes_that_are_no_text_stay_in_their_line(lake: DirectoryLake) -> None:
    lake.write(KEY, b"{}\n\xff\xfe\n{}")

    assert [text for _, text in read(lake, KEY)] == [b"{}", b"\xff\xfe", b"{}"]
    with pytest.raises(UnicodeEncodeError):
        readable(b"\xff\xfe").encode()


def test_line_that_is_too_long_is_known_by_its_beginning(lake: DirectoryLake) -> None:
    longest = "ä".encode() * LINE_AT_MOST
    lake.write(KEY, b"x" * (LINE_AT_MOST + 1) + b"\n" + longest)

    (lines,) = gathered(lake, [(KEY, 0)])

    assert lines.texts == [None, longest]
    assert lines.too_long == {0: ("x" * reading.LINE_KEPT, LINE_AT_MOST + 1)}


def test_many_lines_come_in_parts_and_few_objects_together(
    lake: DirectoryLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"{KEY}-{number}" for number in range(5)]
    for key in keys:
        lake.write(key, b"{}\n{}")
    monkeypatch.setattr(reading, "_GATHERED", 4)

    parts = list(gathered(lake, [(key, 5) for key in keys]))

    assert [len(part) for part in parts] == [4, 4, 2]
    assert [part.objects for part in parts] == [keys[:2], keys[2:4], keys[4:]]


@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize("in_memory", [0, 8, 100])
def test_however_many_objects_are_read_at_once_each_is_read_in_its_turn(
    lake: DirectoryLake, monkeypatch: pytest.MonkeyPatch, in_memory: int, at_once: int
) -> None:
    contents = {f"raw/{number}": b"x" * (3 * number % 11 + 1) for number in range(9)}
    for key, content in contents.items():
        lake.write(key, content)
    monkeypatch.setattr(reading, "_IN_MEMORY", in_memory)
    monkeypatch.setattr(reading, "_OBJECTS", at_once)

    assert read(lake, *contents) == list(contents.items())
