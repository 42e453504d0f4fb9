"""Events for analytics alone: published in the background as well as can be, never at the price of a request."""

import time
from queue import Empty, Full, Queue
from threading import Event, Thread

from retail.bus import BusEntry
from retail.events import Envelope, Payload
from retail.observability import count, describe, logger
from retail.tracing import trace_header
from storefront.resources import Resources

LONGEST_QUEUE = 1000
BATCH = 10  # entries that PutEvents takes at most
SECONDS_TO_GATHER = 1.0
SECONDS_TO_STOP = 3.0


class Announcer:
    """A bounded queue and a thread behind it. What does not fit, or the bus does not take, is dropped and counted."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._waiting: Queue[BusEntry] = Queue(LONGEST_QUEUE)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="announcer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def announce(self, payload: Payload, *, correlation_id: str) -> None:
        """Hand an event over; returns at once, whatever the bus does."""
        envelope = Envelope.around(payload, correlation_id=correlation_id)
        entry = BusEntry(
            event_id=envelope.event_id,
            source=payload.source,
            detail_type=payload.detail_type,
            detail=envelope.as_json(),
            trace_header=trace_header(),
        )
        try:
            self._waiting.put_nowait(entry)
        except Full:
            count("AnnouncementsDropped")

    def stop(self) -> None:
        """Publish what waits, within three seconds, then end."""
        self._stopping.set()
        self._thread.join(SECONDS_TO_STOP)

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._waiting.empty()):
            if batch := self._gather():
                self._publish(batch)

    def _gather(self) -> list[BusEntry]:
        batch: list[BusEntry] = []
        until = time.monotonic() + SECONDS_TO_GATHER
        while len(batch) < BATCH and (left := until - time.monotonic()) > 0:
            try:
                batch.append(self._waiting.get(timeout=min(left, 0.1)))
            except Empty:
                if self._stopping.is_set():
                    break
        return batch

    def _publish(self, batch: list[BusEntry]) -> None:
        try:
            refused = len(self._resources.bus.put(batch))
        except Exception as error:  # whatever it is, these events are not worth a second try
            logger.warning("announcements are dropped", announcements=len(batch), error=describe(error))
            refused = len(batch)
        if refused:
            count("AnnouncementsDropped", refused)
