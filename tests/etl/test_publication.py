"""A run that is stopped at any moment loses nothing, shows nothing by halves, and is completed by the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from curation import job
from curation.accounting import UnaccountedError
from curation.lake import DirectoryLake
from curation.publication import PENDING, RUNS, STAGING, Publication, days_of
from tests.etl.lakes import TestLake, placed, raw

RECORD = {"run": "r2"}


class PowerCutError(Exception):
    """The machine is gone."""


class DyingLake(DirectoryLake):
    """A lake whose machine dies before the n-th change."""

    def __init__(self, root: Path, changes: int) -> None:
        super().__init__(root)
        self.left = changes

    def _change(self) -> None:
        if self.left == 0:
            raise PowerCutError
        self.left -= 1

    def write(self, key: str, content: bytes) -> None:
        """Put the object, or die."""
        self._change()
        super().write(key, content)

    def copy(self, source: str, target: str) -> None:
        """Copy the object, or die."""
        self._change()
        super().copy(source, target)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects, or die between two."""
        for key in keys:
            self._change()
            super().delete([key])


class Registered:
    """A catalog, and who is reported to, that remember what they were told."""

    def __init__(self) -> None:
        self.days: set[tuple[str, str]] = set()
        self.reported: list[Mapping[str, Any]] = []

    def report(self, record: Mapping[str, Any]) -> None:
        """Remember the record."""
        self.reported.append(record)

    def register(self, table: str, days: Iterable[str]) -> None:
        """Remember the days."""
        self.days |= {(table, day) for day in days}


def before(lake: DirectoryLake) -> None:
    """Yesterday in two files, and today's run staged: yesterday anew in one file, today in one."""
    for name in ("part-00000-of-00002", "part-00001-of-00002"):
        lake.write(f"curated/orders/date=2026-11-19/{name}.zstd.parquet", b"old")
    for day in ("2026-11-19", "2026-11-20"):
        lake.write(f"{STAGING}/r2/orders/date={day}/part-xyz.parquet", b"new")


def publish(lake: DirectoryLake, catalog: Registered) -> None:
    """Today's run, from its staged files on."""
    staged = lake.written(f"{STAGING}/r2/orders")
    days = days_of(lake, "curated_orders", "curated/orders", staged)
    Publication(lake, catalog, catalog.report).publish(days, RECORD)


def objects(lake: DirectoryLake) -> dict[str, bytes | None]:
    """Every object but the run's record."""
    return {stored.key: lake.read(stored.key) for stored in lake.list("curated/") if not stored.key.startswith(RUNS)}


NEW = {
    "curated/orders/date=2026-11-19/part-00000-of-00001.zstd.parquet": b"new",
    "curated/orders/date=2026-11-20/part-00000-of-00001.zstd.parquet": b"new",
}


def test_run_replaces_what_its_days_held(tmp_path: Path) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)

    publish(lake, catalog)

    assert objects(lake) == NEW
    assert catalog.days == {("curated_orders", "2026-11-19"), ("curated_orders", "2026-11-20")}
    assert lake.read(f"{RUNS}/r2.json") is not None


@pytest.mark.parametrize("changes", range(9))
def test_run_that_dies_has_happened_whole_or_not_at_all_after_the_next(tmp_path: Path, changes: int) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)
    old = {key: value for key, value in objects(lake).items() if not key.startswith(STAGING)}

    with pytest.raises(PowerCutError):
        publish(DyingLake(tmp_path, changes), catalog)
    decided = changes > 0  # the first change puts down what is to be done
    half = objects(lake)
    record = Publication(lake, catalog, catalog.report).finish()

    assert objects(lake) == (NEW if decided else old)
    assert (lake.read(f"{RUNS}/r2.json") is not None) == decided
    assert (RECORD in catalog.reported) == decided
    if record is not None:
        assert record == RECORD
        assert set(half) >= {f"{STAGING}/r2/orders/date=2026-11-20/part-xyz.parquet"}
    assert lake.read(PENDING) is None


@pytest.mark.parametrize("changes", range(9))
def test_completing_a_run_may_itself_be_stopped(tmp_path: Path, changes: int) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)
    with pytest.raises(PowerCutError):
        publish(DyingLake(tmp_path, 2), catalog)

    dying = DyingLake(tmp_path, changes)
    try:
        Publication(dying, catalog, catalog.report).finish()
    except PowerCutError:
        Publication(lake, catalog, catalog.report).finish()

    assert objects(lake) == NEW
    assert catalog.days == {("curated_orders", "2026-11-19"), ("curated_orders", "2026-11-20")}


@pytest.mark.slow
@pytest.mark.parametrize("changes", [0, 1, 3, 8])
def test_job_that_dies_leaves_what_an_undisturbed_one_leaves(lake: TestLake, tmp_path: Path, changes: int) -> None:
    first, second = raw(placed()), raw(placed())
    undisturbed = TestLake(lake.spark, tmp_path / "undisturbed")
    for each in (lake, undisturbed):
        each.put(first, "{")
        each.run()
        each.put(first, second, "[", key="raw/orders/date=2026-11-21/late.json")
    undisturbed.run()

    with pytest.raises(PowerCutError):
        lake.run(DyingLake(lake.root, changes))
    lake.run()

    assert lake.state() == undisturbed.state()
    assert lake.files() == undisturbed.files()


@pytest.mark.slow
def test_run_that_does_not_add_up_changes_nothing_and_says_so(lake: TestLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.put(raw(placed()), raw(placed()))
    distinct = job._distinct
    monkeypatch.setattr(job, "_distinct", lambda *arguments: distinct(*arguments).limit(1))
    with pytest.raises(UnaccountedError, match="2 records read, but 1 curated"):
        lake.run()
    monkeypatch.undo()

    assert [file for file in lake.files() if not file.startswith("curated/_staging/")] == []
    assert lake.accounts[-1].unaccounted == 1
    assert lake.run().curated == 2
