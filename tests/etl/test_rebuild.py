"""A day that is wrong is made anew from raw; a quarantined record that has become sound leaves the quarantine."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from curation.publication import StuckError
from curation.rebuild import Rebuild
from curation.sources import Bookmark
from tests.etl.lakes import AT_ONCE, NOON, TestLake, placed, raw
from tests.etl.test_publication import DyingLake, PowerCutError

pytestmark = pytest.mark.slow

DAY = Rebuild(frozenset({"2026-11-20"}))


def test_day_that_is_damaged_or_gone_is_made_anew_from_raw_alone(lake: TestLake) -> None:
    lake.put(raw(placed(), occurred_at=NOON - timedelta(days=1)), raw(placed()), "{")
    lake.put(raw(placed()), key="raw/orders/date=2026-11-22/late.json")
    lake.run()
    state, files = lake.state(), lake.files()
    (orders,) = (lake.root / name for name in lake.files("curated/orders") if "2026-11-20" in name)
    shutil.copyfile(lake.root / lake.files("curated/orders")[0], orders)  # another day's rows
    shutil.rmtree(lake.root / "curated/order_items/date=2026-11-20")
    (lake.root / "quarantine/date=2026-11-20/part-00009-of-00010.zstd.parquet").write_bytes(b"no Parquet")
    (lake.root / "curated/payments/date=2026-11-20").mkdir(parents=True)
    shutil.copyfile(orders, lake.root / "curated/payments/date=2026-11-20/stray.parquet")

    account = lake.run(rebuild=DAY)

    assert (account.curated, account.duplicates, account.quarantined) == (2, 1, 1)
    assert (lake.state(), lake.files()) == (state, files)
    assert lake.run().read == 0


def test_everything_read_again_without_ledger_or_bookmark_changes_nothing(lake: TestLake) -> None:
    lake.put(raw(placed()), raw(placed()), "{")
    lake.run()
    state, files = lake.state(), lake.files()
    (lake.root / "curated/_bookmark.json").unlink()
    shutil.rmtree(lake.root / "curated/_bookmark")

    assert lake.run(bookmark=Bookmark.PAUSE).duplicates == 3
    assert lake.run().duplicates == 3
    assert lake.run().read == 0
    assert lake.run(bookmark=Bookmark.DISABLE).duplicates == 3
    assert (lake.state(), lake.files()) == (state, files)


def test_record_that_has_become_sound_moves_from_quarantine_to_its_table(lake: TestLake) -> None:
    lake.put(raw(placed(), occurred_at=NOON + timedelta(days=2)), raw(placed()), "{")
    assert lake.run().quarantined == 2
    lake.now += timedelta(days=2)  # what was too far ahead is not any more
    assert lake.run().read == 0

    account = lake.run(rebuild=Rebuild(frozenset({"2026-11-20"}), only_quarantine=True))

    assert (account.curated, account.duplicates, account.quarantined) == (1, 1, 1)
    assert lake.quarantined() == [("is no single JSON object with an event_id", "{")]
    assert lake.rows("orders", "date") == [("2026-11-20",), ("2026-11-22",)]


def test_run_that_cannot_be_completed_is_made_anew_with_its_days(lake: TestLake) -> None:
    lake.put(raw(placed()), raw(placed()))
    with pytest.raises(PowerCutError):
        lake.run(DyingLake(lake.root, 3))
    shutil.rmtree(lake.root / "curated/_staging")
    lake.now += AT_ONCE.lasts
    with pytest.raises(StuckError, match="--rebuild 2026-11-20"):
        lake.run()

    lake.run(rebuild=DAY)

    assert lake.table("orders").count() == 2
    assert lake.table("order_items").count() == 2
    assert lake.run().read == 0
