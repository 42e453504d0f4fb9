"""A breaker: what keeps failing is left alone for a while, and then tried by one caller at a time."""

import time
from collections.abc import Callable
from threading import Lock


class Breaker:
    """Open after so many failures in a row; then lets one caller through each pause, until one of them succeeds.

    The libraries for it let everybody through after the pause, or hold a lock while they ask.
    """

    def __init__(self, pause_seconds: float, *, failures: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_seconds = pause_seconds
        self._most_failures = failures
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0
        self._lock = Lock()

    def lets_through(self) -> bool:
        """Whether this caller may try; whoever may has to say how it went."""
        if self._failures < self._most_failures:
            return True
        with self._lock:
            now = self._clock()
            if now < self._next_try:
                return False
            self._next_try = now + self._pause_seconds
            return True

    def failed(self) -> None:
        """It did not answer."""
        with self._lock:
            self._failures += 1
            self._next_try = self._clock() + self._pause_seconds

    def succeeded(self) -> None:
        """It answered."""
        self._failures = 0
