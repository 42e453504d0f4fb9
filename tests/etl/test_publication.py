"""A run that is stopped at any moment loses nothing, shows nothing by halves, and is completed by the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from curation.accounting import UnaccountedError
from curation.lake import DirectoryLake
from curation.lease import LEASE, Lease
from curation.publication import RUNS, STAGING, CatalogError, Day, Publication, StuckError, days_of
from curation.sources import RawObjects
from curation.staging import MiswrittenError, Staging
from tests.etl.lakes import AT_ONCE, NOON, TestLake, placed, raw

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

    def swap(self, key: str, content: bytes, version: str | None) -> str | None:
        """Swap the object, or die."""
        self._change()
        return super().swap(key, content, version)

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
        self.lacks: set[str] = set()

    def report(self, record: Mapping[str, Any]) -> None:
        """Remember the record."""
        self.reported.append(record)

    def register(self, table: str, days: Iterable[str]) -> None:
        """Remember the days, unless the table is not there."""
        if table in self.lacks:
            raise CatalogError(f"no table {table}")
        self.days |= {(table, day) for day in days}


def before(lake: DirectoryLake) -> None:
    """Yesterday in two files, and today's run staged: yesterday anew in one file, today in one."""
    for name in ("part-00000-of-00002", "part-00001-of-00002"):
        lake.write(f"curated/orders/date=2026-11-19/{name}.zstd.parquet", b"old")
    for day in ("2026-11-19", "2026-11-20"):
        lake.write(f"{STAGING}/r2/orders/date={day}/part-xyz.parquet", b"new")


@contextmanager
def publication(
    lake: DirectoryLake, catalog: Registered, *, now: datetime = NOON, run: str = "r2"
) -> Iterator[Publication]:
    """A run that holds the lake; what it died of is told, whatever its last breath meets."""
    with Lease(lake, run, lambda: now, AT_ONCE) as lease:
        yield Publication(lake, catalog, catalog.report, lease)


def publish(lake: DirectoryLake, catalog: Registered) -> None:
    """Today's run, from its staged files on."""
    with publication(lake, catalog) as run:
        run.publish(staged_days(lake), RECORD)


def staged_days(lake: DirectoryLake) -> Sequence[Day]:
    """What today's run has to do."""
    return days_of(lake, "curated_orders", "curated/orders", lake.written(f"{STAGING}/r2/orders"))


def finish(lake: DirectoryLake, catalog: Registered) -> Mapping[str, Any] | None:
    """The next night's run, which completes what there is to complete."""
    with publication(lake, catalog, now=NOON + AT_ONCE.lasts, run="r3") as run:
        return run.finish()


def objects(lake: DirectoryLake) -> dict[str, bytes | None]:
    """Every object but the run's record and the lease."""
    stored = [each.key for each in lake.list("curated/")]
    return {key: lake.read(key) for key in stored if not key.startswith((RUNS, LEASE))}


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


@pytest.mark.parametrize("changes", range(11))
def test_run_that_dies_has_happened_whole_or_not_at_all_after_the_next(tmp_path: Path, changes: int) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)
    old = {key: value for key, value in objects(lake).items() if not key.startswith(STAGING)}

    with pytest.raises(PowerCutError):
        publish(DyingLake(tmp_path, changes), catalog)
    decided = changes > 1  # the first change is to take the lake, the second puts down what is to be done
    half = objects(lake)
    record = finish(lake, catalog)

    assert objects(lake) == (NEW if decided else old)
    assert (lake.read(f"{RUNS}/r2.json") is not None) == decided
    assert (RECORD in catalog.reported) == decided
    if record is not None:
        assert record == RECORD
        assert set(half) >= {f"{STAGING}/r2/orders/date=2026-11-20/part-xyz.parquet"}
    assert finish(lake, catalog) is None


@pytest.mark.parametrize("changes", range(10))
def test_completing_a_run_may_itself_be_stopped(tmp_path: Path, changes: int) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)
    with pytest.raises(PowerCutError):
        publish(DyingLake(tmp_path, 3), catalog)

    with pytest.raises(PowerCutError):
        finish(DyingLake(tmp_path, changes), catalog)
    with publication(lake, catalog, now=NOON + 2 * AT_ONCE.lasts, run="r4") as run:
        run.finish()

    assert objects(lake) == NEW
    assert catalog.days == {("curated_orders", "2026-11-19"), ("curated_orders", "2026-11-20")}


def test_table_that_the_catalog_lost_holds_nobody_up_and_gets_its_days_when_it_is_back(tmp_path: Path) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)
    catalog.lacks = {"curated_orders"}

    for night in range(2):
        with publication(lake, catalog, now=NOON + night * AT_ONCE.lasts) as run:
            if night == 0:
                run.publish(staged_days(lake), RECORD)
            else:
                run.finish()
            with pytest.raises(CatalogError, match=r"curated_orders.*2026-11-19.*2026-11-20.*no table curated_orders"):
                run.check_catalog()
    assert objects(lake) == NEW
    assert catalog.reported == [RECORD]
    catalog.lacks = set()
    with publication(lake, catalog, now=NOON + 2 * AT_ONCE.lasts) as run:
        run.finish()
        run.check_catalog()

    assert catalog.days == {("curated_orders", "2026-11-19"), ("curated_orders", "2026-11-20")}


def test_run_whose_staged_files_are_gone_says_how_to_start_over(tmp_path: Path) -> None:
    lake, catalog = DirectoryLake(tmp_path), Registered()
    before(lake)
    with pytest.raises(PowerCutError):
        publish(DyingLake(tmp_path, 2), catalog)
    lake.delete([f"{STAGING}/r2/orders/date=2026-11-20/part-xyz.parquet"])

    with pytest.raises(StuckError, match=r"run r2 .* --rebuild 2026-11-19,2026-11-20$"):
        finish(lake, catalog)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [0, 1, 2, 4, 8, 11])
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
    lake.now += AT_ONCE.lasts
    lake.run()

    assert lake.state() == undisturbed.state()
    assert lake.files() == undisturbed.files()


@pytest.mark.slow
def test_job_that_dies_before_it_remembers_what_it_read_reads_it_again_and_adds_nothing(
    lake: TestLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.put(raw(placed()), raw(placed()), "{")
    monkeypatch.setattr(RawObjects, "done", lambda _: (_ for _ in ()).throw(PowerCutError()))
    with pytest.raises(PowerCutError):
        lake.run()
    state, files = lake.state(), lake.files()
    monkeypatch.undo()

    again = lake.run()

    assert (again.read, again.duplicates) == (3, 3)
    assert (lake.state(), lake.files()) == (state, files)
    assert lake.run().read == 0


@pytest.mark.slow
def test_run_that_does_not_add_up_changes_nothing_and_says_so(lake: TestLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.put(raw(placed()), raw(placed()))
    packed = Staging._packed
    monkeypatch.setattr(Staging, "_packed", lambda *of: [each for each in packed(*of) if each.table != "orders"])
    with pytest.raises(UnaccountedError, match="2 records read, but 0 curated"):
        lake.run()
    monkeypatch.undo()

    assert [file for file in lake.files() if not file.startswith("curated/_staging/")] == []
    assert lake.accounts[-1].unaccounted == 2
    assert lake.run().curated == 2


@pytest.mark.slow
def test_file_that_is_lost_on_its_way_is_missed_before_anything_is_published(
    lake: TestLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(DirectoryLake):
        def written(self, prefix: str) -> Sequence[str]:
            keys = super().written(prefix)
            if prefix.endswith("/orders"):
                self.delete(keys[:1])
            return keys[1:]

    lake.put(raw(placed()), raw(placed(), occurred_at=NOON - timedelta(days=1)))
    with pytest.raises(MiswrittenError, match=r"bytes for table orders, and is gone"):
        lake.run(Forgetful(lake.root))

    assert [file for file in lake.files() if not file.startswith("curated/_staging/")] == []
    assert lake.run().curated == 2
