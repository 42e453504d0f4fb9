"""One run changes the lake at a time, whatever becomes of the one before."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from threading import Timer

import pytest

from curation.lake import Lake
from curation.lease import TERMS, LakeBusyError, Lease, LeaseLostError, Terms
from tests.etl.lakes import AT_ONCE, NOON

LATER = NOON + TERMS.lasts


def lease(lake: Lake, run: str, *, terms: Terms = AT_ONCE, later: bool = False) -> Lease:
    """A lease of this run, by a clock that stands still."""
    return Lease(lake, run, lambda: LATER if later else NOON, terms)


def test_second_run_is_refused_while_the_first_is_at_work(any_lake: Lake) -> None:
    with (
        lease(any_lake, "first"),
        pytest.raises(LakeBusyError, match="another run holds the lake"),
        lease(any_lake, "second"),
    ):
        pass

    with lease(any_lake, "second") as second:
        second.check()


def test_second_run_waits_for_the_first_to_end(any_lake: Lake) -> None:
    first = lease(any_lake, "first")
    first.__enter__()
    patient = Terms(patience=timedelta(seconds=30))
    Timer(0.5, first.__exit__, (None, None, None)).start()
    with lease(any_lake, "second", terms=patient) as second:
        second.check()


def test_run_that_was_asleep_can_decide_nothing_any_more(any_lake: Lake) -> None:
    asleep = lease(any_lake, "asleep")
    asleep.__enter__()
    with lease(any_lake, "next", later=True) as following:
        with pytest.raises(LeaseLostError, match="another run took it"):
            asleep.decide({"days": ["all"]})
        assert following.plan is None
        following.decide({"days": []})
    with pytest.raises(LeaseLostError):
        asleep.check()


def test_run_that_cannot_renew_notices_by_the_clock(any_lake: Lake) -> None:
    clock = [NOON]
    with Lease(any_lake, "slow", lambda: clock[0], AT_ONCE) as slow:
        slow.check()
        clock[0] = LATER
        with pytest.raises(LeaseLostError, match="was not there to renew it"):
            slow.check()


def test_decision_of_a_dead_run_is_taken_over_with_the_lake(any_lake: Lake) -> None:
    dead = lease(any_lake, "dead")
    dead.__enter__()
    dead.decide({"days": ["2026-11-20"]})

    with lease(any_lake, "next", later=True) as following:
        assert following.plan == {"days": ["2026-11-20"]}
        following.decide(None)
    with lease(any_lake, "after", later=True) as after:
        assert after.plan is None


def test_lease_is_renewed_while_its_run_works(any_lake: Lake) -> None:
    started = time.monotonic()

    def clock() -> datetime:
        return NOON + timedelta(seconds=time.monotonic() - started)

    with Lease(any_lake, "long", clock, Terms(lasts=timedelta(seconds=2))) as held:
        time.sleep(3)
        held.check()
        with pytest.raises(LakeBusyError), Lease(any_lake, "second", clock, AT_ONCE):
            pass
