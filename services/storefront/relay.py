"""The outbox relay: a thread that publishes right after a commit, and looks for what others left."""

import time
from threading import Event, Thread

from retail import outbox
from retail.observability import count, describe, logger
from storefront.resources import Resources

SECONDS_BETWEEN_LOOKS = 1.0
# A database that is asked each second never pauses. When nothing was published for a while nothing can be left either,
# but by a process that crashed in the middle: for that, a look now and then is enough.
SECONDS_UNTIL_IDLE = 300.0
SECONDS_BETWEEN_IDLE_LOOKS = 900.0
SECONDS_TO_STOP = 6.0  # with the announcer's three it leaves a second of storefront.ending's for the pools


def seconds_to_next_look(idle_for: float, *, failing: bool) -> float:
    """How long to wait for a wake-up before looking anyway, when nothing was published for `idle_for` seconds."""
    return SECONDS_BETWEEN_IDLE_LOOKS if idle_for > SECONDS_UNTIL_IDLE and not failing else SECONDS_BETWEEN_LOOKS


class OutboxRelay:
    """Publishes what any process left in the outbox; a failure is reported once and tried again until it is over.

    Looks each second for five minutes after the last event, then each quarter of an hour, so that Aurora may pause.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._wanted = Event()
        self._stopping = Event()
        self._failing = False
        self._last_work = time.monotonic()
        self._thread = Thread(target=self._run, name="outbox-relay", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something was committed: publish it now."""
        self._last_work = time.monotonic()
        self._wanted.set()

    def stop(self) -> None:
        """Publish what is pending once more, then end; what still fails stays in the outbox for another relay."""
        self._stopping.set()
        self._wanted.set()
        self._thread.join(SECONDS_TO_STOP)

    def _run(self) -> None:
        while not self._stopping.is_set():
            idle_for = time.monotonic() - self._last_work
            self._wanted.wait(seconds_to_next_look(idle_for, failing=self._failing))
            self._wanted.clear()
            self._publish()
        self._publish()

    def _publish(self) -> None:
        try:
            published = outbox.publish_pending(self._resources.writer, self._resources.bus)
        except Exception as error:  # whatever it is, the rows are safe and the next look tries again
            if not self._failing:
                logger.error("the outbox cannot be published, it is tried each second", error=describe(error))
            self._failing = True
            count("OutboxRelayFailures")
            return
        if self._failing:
            logger.info("the outbox is published again")
        self._failing = False
        if published:
            self._last_work = time.monotonic()
            logger.info("events published", published=published)
