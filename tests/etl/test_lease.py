"""One run changes the lake at a time, whatever becomes of the one before."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from threading import Timer

import pytest

from curation.lake import Lake
from curation.lease import LEASE, LakeBusyError, Lease, LeaseLostError, Terms
from tests.etl.lakes import AT_ONCE, NOON

LATER = NOON + AT_ONCE.lasts


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


def test_second_run_waits_for_the_first_to_end(any_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.lease._LOOKS_EVERY", 0.1)
    first = lease(any_lake, "first")
    first.__enter__()
    ending = Timer(0.5, first.__exit__, (None, None, None))
    ending.start()
    with lease(any_lake, "second", terms=Terms(patience=timedelta(minutes=5))) as second:
        second.check()
    ending.join()


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
    clock, terms = [NOON], Terms(lasts=timedelta(seconds=0.4), patience=timedelta(0))

    def until() -> datetime:
        return datetime.fromisoformat(json.loads(any_lake.read(LEASE) or b"")["until"])

    with Lease(any_lake, "long", lambda: clock[0], terms) as held:
        for _ in range(4):  # for twice as long as it lasts, by a clock that stands until it is renewed
            clock[0] += terms.lasts / 2
            deadline = time.monotonic() + 60
            while until() < clock[0] + terms.lasts:
                assert time.monotonic() < deadline, "it is not renewed"
                time.sleep(0.02)
            held.check()
        with pytest.raises(LakeBusyError), Lease(any_lake, "second", lambda: clock[0], terms):
            pass
