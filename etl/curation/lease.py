"""One run at a time: the right to change the lake's tables, and with it what its holder has decided to do.

Both are one object, `curated/_run.json`, written only if nobody wrote it meanwhile. So nobody can decide who does not
hold the right at that moment, and a decision cannot be lost or written over: whoever takes the right over, because its
holder died and did not renew it, takes over the decision, too.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from curation.lake import Lake

LEASE = "curated/_run.json"
_LOOKS_EVERY = 5.0  # seconds, while somebody else holds it

_log = logging.getLogger("curation")


class LakeBusyError(RuntimeError):
    """Another run holds the lake, and goes on holding it."""


class LeaseLostError(RuntimeError):
    """This run held the lake, did not renew it in time, and somebody else may hold it now."""


@dataclass(frozen=True)
class Terms:
    """How long a lease lasts unless renewed, which is tried four times, and how long one waits for another's."""

    lasts: timedelta = timedelta(minutes=2)
    patience: timedelta = timedelta(minutes=5)


TERMS = Terms()


class Lease:
    """The lake, held by `run` from `with` to its end; raises LakeBusyError if somebody else renews theirs meanwhile."""

    def __init__(self, lake: Lake, run: str, clock: Callable[[], datetime], terms: Terms) -> None:
        self._lake, self._run, self._clock, self._terms = lake, run, clock, terms
        self._plan: Mapping[str, Any] | None = None
        self._version: str | None = None
        self._until = clock()
        self._writing, self._over = Lock(), Event()

    @property
    def plan(self) -> Mapping[str, Any] | None:
        """What was decided, by this run or by one that did not live to do it; None when it is done."""
        return self._plan

    def decide(self, plan: Mapping[str, Any] | None) -> None:
        """Put down what is to be done, or that it is done. Raises LeaseLostError, with nothing decided."""
        with self._writing:
            self._put(plan, self._clock() + self._terms.lasts)
            self._plan = plan

    def check(self) -> None:
        """Raises LeaseLostError unless this run holds the lake: a process may have been asleep for long."""
        if self._version is None or self._clock() >= self._until:
            raise LeaseLostError(
                f"run {self._run} held the lake until {self._until.isoformat()} and was not there to renew it; "
                "the next run completes what was decided and reads again what was not"
            )

    def __enter__(self) -> Self:
        patient_until = time.monotonic() + self._terms.patience.total_seconds()
        while not self._take():
            if time.monotonic() >= patient_until:
                raise LakeBusyError(
                    f"another run holds the lake, see {LEASE}: wait until it has ended; "
                    f"if it is dead, it holds the lake for {self._terms.lasts} more"
                )
            time.sleep(min(_LOOKS_EVERY, self._terms.patience.total_seconds()))
        Thread(target=self._renew, name="lease", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with self._writing:
            if self._version is not None:
                self._put(self._plan, self._clock())
                self._version = None

    def _take(self) -> bool:
        held = self._lake.read_version(LEASE)
        version, plan = None, None
        if held is not None:
            state = json.loads(held.content)
            version, plan = held.version, state["plan"]
            if self._clock() < datetime.fromisoformat(state["until"]):
                return False
        until = self._clock() + self._terms.lasts
        self._version = self._lake.swap(LEASE, self._state(plan, until), version)
        self._plan, self._until = plan, until
        return self._version is not None

    def _renew(self) -> None:
        while not self._over.wait(self._terms.lasts.total_seconds() / 4):
            try:
                with self._writing:
                    if self._over.is_set():
                        return
                    self._put(self._plan, self._clock() + self._terms.lasts)
            except LeaseLostError as lost:
                _log.error("%s", lost)
                return
            except Exception:  # whatever the network says: tried again, and `check` ends the run if it stays so
                _log.warning("could not renew the lease of run %s, trying again", self._run, exc_info=True)

    def _put(self, plan: Mapping[str, Any] | None, until: datetime) -> None:
        if self._version is not None:
            self._version = self._lake.swap(LEASE, self._state(plan, until), self._version)
        if self._version is None:
            raise LeaseLostError(f"run {self._run} does not hold the lake any more: another run took it, see {LEASE}")
        self._until = until

    def _state(self, plan: Mapping[str, Any] | None, until: datetime) -> bytes:
        return json.dumps({"run": self._run, "until": until.isoformat(), "plan": plan}).encode()
