"""The event bus, as far as the outbox needs it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


@dataclass(frozen=True)
class BusEntry:
    """One event on its way to the bus."""

    event_id: UUID
    source: str
    detail_type: str
    detail: dict[str, Any]
    trace_header: str | None = None


class EventBus(Protocol):
    """Where the outbox publishes to."""

    def put(self, entries: list[BusEntry]) -> dict[UUID, str]:
        """Hand over at most ten events; returns those that were refused, with the error code."""


class EventBridgeBus:
    """An EventBridge bus."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, entries: list[BusEntry]) -> dict[UUID, str]:
        """Hand over at most ten events in one call; raises botocore's errors when the call itself fails."""
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": entry.source,
                    "DetailType": entry.detail_type,
                    "Detail": json.dumps(entry.detail),
                    **({"TraceHeader": entry.trace_header} if entry.trace_header else {}),
                }
                for entry in entries
            ]
        )
        return {
            entry.event_id: result["ErrorCode"]
            for entry, result in zip(entries, answer["Entries"], strict=True)
            if "ErrorCode" in result
        }
