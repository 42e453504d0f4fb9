"""One run changes the lake at a time, whatever becomes of the one before."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest

from curation.lake import DirectoryLake
from curation.lease import LEASE, TERMS, LakeBusyError, Lease, LeaseLostError, Terms
from tests.etl.lakes import AT_ONCE, NOON

LATER = NOON + TERMS.lasts


def lease(lake: DirectoryLake, run: str, *, terms: Terms = AT_ONCE, later: bool = False) -> Lease:
    """A lease of this run, by a clock that stands still."""
    return Lease(lake, run, lambda: LATER if later else NOON, terms)


def test_second_run_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    lake = DirectoryLake(tmp_path)
    with lease(lake, "first"), pytest.raises(LakeBusyError, match="another run holds the lake"), lease(lake, "second"):
        pass

    with lease(lake, "second") as second:
        second.check()


def test_second_run_waits_for_the_first_to_end(tmp_path: Path) -> None:
    lake = DirectoryLake(tmp_path)
    first = lease(lake, "first")
    first.__enter__()
    patient = Terms(patience=timedelta(seconds=30))
    Timer(0.5, first.__exit__, (None, None, None)).start()
    with lease(lake, "second", terms=patient) as second:
        second.check()


def test_run_that_was_asleep_can_decide_nothing_any_more(tmp_path: Path) -> None:
    lake = DirectoryLake(tmp_path)
    asleep = lease(lake, "asleep")
    asleep.__enter__()
    with lease(lake, "next", later=True) as following:
        with pytest.raises(LeaseLostError, match="another run took it"):
            asleep.decide({"days": ["all"]})
        assert following.plan is None
        following.decide({"days": []})
    with pytest.raises(LeaseLostError):
        asleep.check()


def test_run_that_cannot_renew_notices_by_the_clock(tmp_path: Path) -> None:
    clock = [NOON]
    with Lease(DirectoryLake(tmp_path), "slow", lambda: clock[0], AT_ONCE) as slow:
        slow.check()
        clock[0] = LATER
        with pytest.raises(LeaseLostError, match="was not there to renew it"):
            slow.check()


def test_decision_of_a_dead_run_is_taken_over_with_the_lake(tmp_path: Path) -> None:
    lake = DirectoryLake(tmp_path)
    dead = lease(lake, "dead")
    dead.__enter__()
    dead.decide({"days": ["2026-11-20"]})

    with lease(lake, "next", later=True) as following:
        assert following.plan == {"days": ["2026-11-20"]}
        following.decide(None)
    with lease(lake, "after", later=True) as after:
        assert after.plan is None


def test_lease_is_renewed_while_its_run_works(tmp_path: Path) -> None:
    lake = DirectoryLake(tmp_path)
    with lease(lake, "long", terms=Terms(lasts=timedelta(seconds=0.2))):
        first = lake.read(LEASE)
        times = {next(lake.list(LEASE)).version}
        until = time.monotonic() + 20
        while len(times) < 3 and time.monotonic() < until:
            times.add(next(lake.list(LEASE)).version)
        assert len(times) == 3
        assert lake.read(LEASE) == first  # the clock stands still
