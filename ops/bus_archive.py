"""The bus archive of one environment, and replaying a span of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

POLL_SECONDS = 2.0
_OVER = {"COMPLETED", "CANCELLED", "FAILED"}


class ArchiveError(Exception):
    """Why there is nothing to replay, or why the replay did not end well."""


@dataclass(frozen=True)
class BusArchive:
    """An archive, and the bus that it keeps the events of."""

    name: str
    arn: str
    bus: str
    bus_arn: str

    @classmethod
    def of(cls, events: EventBridgeClient, bus: str) -> BusArchive:
        """The archive of that bus. Raises ArchiveError when it has none."""
        bus_arn = events.describe_event_bus(Name=bus)["Arn"]
        archives = events.list_archives(EventSourceArn=bus_arn)["Archives"]
        if not archives:
            raise ArchiveError(f"The bus {bus} has no archive")
        name = archives[0]["ArchiveName"]
        return cls(name, events.describe_archive(ArchiveName=name)["ArchiveArn"], bus, bus_arn)

    def rules_of(self, events: EventBridgeClient, consumer: str) -> list[str]:
        """The ARNs of that consumer's rules. Raises ArchiveError with the names there are when it has none."""
        rules = events.list_rules(EventBusName=self.bus)["Rules"]
        found = [rule["Arn"] for rule in rules if f"-{consumer}Rule" in rule["Name"]]
        if not found:
            raise ArchiveError(f"No rule of {consumer!r}: there are {', '.join(rule['Name'] for rule in rules)}")
        return found

    def replay(
        self,
        events: EventBridgeClient,
        since: datetime,
        until: datetime,
        *,
        rules: list[str],
        report: Callable[[datetime], None],
    ) -> str:
        """Everything between the two times onto the bus once more, for those rules or for all; the replay's name.

        Returns when all is replayed and tells `report` how far it came. Consumers know events by their id, so what was
        applied stays as it is. Raises ArchiveError when EventBridge ends otherwise.
        """
        name = f"replay-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        destination = {"Arn": self.bus_arn, "FilterArns": rules} if rules else {"Arn": self.bus_arn}
        events.start_replay(
            ReplayName=name,
            EventSourceArn=self.arn,
            EventStartTime=since,
            EventEndTime=until,
            Destination=destination,  # type: ignore[arg-type]  # a TypedDict with an optional key
        )
        while (state := events.describe_replay(ReplayName=name))["State"] not in _OVER:
            report(state.get("EventLastReplayedTime", since))
            time.sleep(POLL_SECONDS)
        if state["State"] != "COMPLETED":
            raise ArchiveError(f"{name} is {state['State']}: {state.get('StateReason', 'EventBridge gives no reason')}")
        return name
