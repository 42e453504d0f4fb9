"""A lake in use keeps what it has, and no day of a history is told twice in it."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ops.history import __main__ as command
from ops.history.lake import DirectoryTarget, LakeTarget, OtherHistoryError
from ops.history.mishaps import USUAL
from ops.history.story import Story
from ops.history.telling import tell

STORY = Story(seed=7, last_day=date(2026, 11, 19), days=8, customers=30, products=20, mishaps=USUAL)
LONGER = dataclasses.replace(STORY, last_day=STORY.last_day + timedelta(days=3), days=STORY.days + 3)
ON_ANOTHER_DAY = dataclasses.replace(STORY, last_day=STORY.last_day + timedelta(days=1))


class FakeLake:
    """A bucket in memory, which counts what is put."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {"raw/orders/date=2026-11-13/delivered.gz": b"of the bus"}
        self.puts = 0

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self.objects if key.startswith(prefix)]

    def read(self, key: str) -> bytes:
        return self.objects[key]

    def put(self, key: str, content: bytes) -> None:
        self.objects[key] = content
        self.puts += 1

    def event_ids(self) -> list[str]:
        """Of every sound event of a history, once though it came twice."""
        histories = [content for key, content in self.objects.items() if key.endswith("history.json.gz")]
        lines = {line for content in histories for line in gzip.decompress(content).splitlines()}
        return [json.loads(line)["event_id"] for line in lines if line.endswith(b"}}")]


def told(story: Story, lake: FakeLake) -> None:
    """The story goes into the lake, by one process."""
    target = LakeTarget(lake)
    for day in story.dates:
        for (prefix, arrived), member in sorted(tell(story, day)[0].items()):
            target.append(f"raw/{prefix}/date={arrived}/history.json.gz", member)
    target.close()


@pytest.fixture
def lake() -> FakeLake:
    """A lake with the story in it."""
    lake = FakeLake()
    told(STORY, lake)
    return lake


def test_same_history_again_leaves_every_object_as_it_was(lake: FakeLake) -> None:
    before, puts = dict(lake.objects), lake.puts

    told(STORY, lake)

    assert (lake.objects, lake.puts) == (before, puts)


def test_longer_history_adds_its_days_and_touches_no_object(lake: FakeLake) -> None:
    before = dict(lake.objects)

    told(LONGER, lake)

    alone = FakeLake()
    told(LONGER, alone)
    assert before.items() < lake.objects.items()
    assert lake.objects == alone.objects
    assert len(set(lake.event_ids())) == len(lake.event_ids())


def test_part_of_the_history_adds_nothing(lake: FakeLake) -> None:
    before = dict(lake.objects)

    told(dataclasses.replace(STORY, last_day=STORY.last_day - timedelta(days=3), days=STORY.days - 3), lake)

    assert lake.objects == before


@pytest.mark.parametrize(
    "other",
    [
        ON_ANOTHER_DAY,
        dataclasses.replace(STORY, days=STORY.days + 1),
        dataclasses.replace(STORY, seed=8),
        dataclasses.replace(STORY, customers=31),
        dataclasses.replace(STORY, mishaps=dataclasses.replace(USUAL, late=0.2)),
    ],
    ids=["another range", "an earlier beginning", "another seed", "more customers", "more mishaps"],
)
def test_another_history_of_a_day_is_refused_before_anything_is_written(other: Story, lake: FakeLake) -> None:
    before, puts = dict(lake.objects), lake.puts

    with pytest.raises(OtherHistoryError, match=r"a history of 2026-11-12 to 2026-11-19.*nothing was written"):
        told(other, lake)

    assert (lake.objects, lake.puts) == (before, puts)


def test_other_days_are_other_events(lake: FakeLake) -> None:
    before, there = lake.event_ids(), dict(lake.objects)

    told(dataclasses.replace(STORY, last_day=STORY.first_day - timedelta(days=1)), lake)

    assert there.items() < lake.objects.items()
    assert len(lake.event_ids()) > len(before)
    assert len(set(lake.event_ids())) == len(lake.event_ids())


def test_folder_holds_the_history_that_was_written_last_alone(tmp_path: Path) -> None:
    (tmp_path / "raw" / "orders" / "date=2026-11-18").mkdir(parents=True)
    (tmp_path / "raw" / "orders" / "date=2026-11-18" / "delivered.gz").write_bytes(b"of the bus")
    for day in ("2026-11-18", "2026-11-19"):
        DirectoryTarget(tmp_path).append(f"raw/orders/date={day}/history.json.gz", b"once")

    files = sorted(path.relative_to(tmp_path / "raw" / "orders").as_posix() for path in tmp_path.rglob("*.gz"))
    assert files == ["date=2026-11-18/delivered.gz", "date=2026-11-19/history.json.gz"]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> tuple[FakeLake, typer.Typer]:
    """The command, and the lake that it finds on this machine."""
    lake = FakeLake()
    monkeypatch.setattr(command, "LakeHere", lambda _: lake)
    application = typer.Typer()
    application.command()(command.history)
    return lake, application


def test_command_without_a_platform_names_what_it_has_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "STANDARD_DIRECTORY", tmp_path)
    monkeypatch.setattr("sys.argv", ["history", "--lake"])

    assert command.main() == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "`make up` starts it; or write the history into a folder with `--out DIRECTORY`" in said
    assert "--curated" not in said


SMALL = ["--lake", "--customers", "5", "--products", "7"]


@pytest.mark.slow
def test_command_given_again_days_later_tells_the_days_since(ask: tuple[FakeLake, typer.Typer]) -> None:
    lake, application = ask
    run = CliRunner().invoke

    first = run(application, [*SMALL, "--days", "3", "--until", "2026-11-12"])
    again = run(application, [*SMALL, "--until", "2026-11-12"])
    later = run(application, [*SMALL, "--until", "2026-11-14"])

    assert "2026-11-10 to 2026-11-12 in the lake" in first.output
    assert "2026-11-10 to 2026-11-12, none of them new, in the lake" in again.output
    assert "2026-11-10 to 2026-11-14 in the lake" in later.output
    assert {key[-26:-16] for key in lake.objects if key.endswith("history.json.gz")} == {
        f"2026-11-{day}" for day in range(10, 15)
    }
