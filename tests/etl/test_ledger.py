"""The job's bookmark: what is new is read once, whenever and wherever it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.lake import DirectoryLake, Lake
from curation.ledger import LEDGER, Ledger
from curation.rebuild import NOTHING, Rebuild

DAYS = ("raw/orders/date=2026-11-19/", "raw/orders/date=2026-11-20/")


def new(lake: Lake, rebuild: Rebuild = NOTHING) -> list[str]:
    """The keys that the next run reads."""
    return [each.key for folder in Ledger(lake).news(rebuild.reads_again) for each in folder.new]


def read(lake: Lake) -> None:
    """A run that reads everything new, and remembers it."""
    ledger = Ledger(lake)
    ledger.read(ledger.news(NOTHING.reads_again))


@pytest.fixture
def lake(any_lake: Lake) -> Lake:
    """Two days that were read."""
    for folder in DAYS:
        any_lake.write(f"{folder}a.json", b"{}")
    assert new(any_lake) == [f"{folder}a.json" for folder in DAYS]
    read(any_lake)
    return any_lake


def test_what_was_read_is_not_new(lake: Lake) -> None:
    assert new(lake) == []


def test_late_object_of_an_old_day_is_new_and_its_neighbours_are_not(lake: Lake) -> None:
    lake.write(f"{DAYS[0]}b.json", b"{}")
    lake.write("raw/without-a-day.json", b"{}")

    assert new(lake) == ["raw/without-a-day.json", f"{DAYS[0]}b.json"]


def test_object_that_was_written_over_is_new(lake: Lake) -> None:
    lake.write(f"{DAYS[0]}a.json", b"{ }")

    assert new(lake) == [f"{DAYS[0]}a.json"]


def test_empty_objects_and_folders_hold_nothing(lake: Lake) -> None:
    lake.write("raw/orders/date=2026-11-21/empty.json", b"")

    assert new(lake) == []


def test_folder_that_is_as_it_was_costs_one_listing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    reading = type(lake).read

    def read(self: Lake, key: str) -> bytes | None:
        asked.append(key)
        return reading(self, key)

    monkeypatch.setattr(type(lake), "read", read)
    lake.write(f"{DAYS[0]}b.json", b"{}")
    asked.clear()

    assert new(lake) == [f"{DAYS[0]}b.json"]
    assert asked == [LEDGER, "curated/_bookmark/orders/date=2026-11-19.json"]


def test_ledger_that_is_deleted_has_everything_read_again(lake: Lake) -> None:
    lake.delete([stored.key for stored in lake.list("curated/_bookmark")])

    assert new(lake) == [f"{folder}a.json" for folder in DAYS]


@pytest.mark.parametrize(
    ("wanted", "again"),
    [
        ("2026-11-20", [0, 1]),  # the folder of the day before, too: a clock may be ahead
        ("2026-11-21", [1]),
        ("2026-11-19, 2026-12-24", [0, 1]),
        ("2026-12-24", []),
    ],
)
def test_day_that_is_made_anew_is_looked_for_where_its_events_may_lie(
    lake: Lake, wanted: str, again: list[int]
) -> None:
    lake.write("raw/orders/undated.json", b"{}")
    read(lake)

    expected = ["raw/orders/undated.json", *(f"{DAYS[number]}a.json" for number in again)]
    assert new(lake, Rebuild.of(wanted, lake)) == expected


def test_quarantine_is_made_anew_from_the_folders_of_its_days(lake: Lake) -> None:
    lake.write("quarantine/date=2026-11-19/part-00000.zstd.parquet", b"")

    rebuild = Rebuild.of("quarantine", lake)
    assert new(lake, rebuild) == [f"{DAYS[0]}a.json"]
    assert rebuild.replaces("quarantine", "2026-11-19")
    assert not rebuild.replaces("orders", "2026-11-19")
    assert not rebuild.replaces("quarantine", "2026-11-20")


@pytest.mark.parametrize("wanted", ["yesterday", "2026-11-31", "20261120", "2026-11-20 2026-11-21", ""])
def test_what_is_no_day_is_refused(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ValueError, match="--rebuild takes days such as 2026-11-20"):
        Rebuild.of(wanted, DirectoryLake(tmp_path))
