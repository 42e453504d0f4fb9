"""What no crash of ours reaches: queues, lake and topic, each behind the client that the shop calls.

They live in a schema beside the shop's, written at once and by connections of their own, so that a killed process
leaves them as AWS would be left. The clients know the calls that the shop makes and no others.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from inventory_handler import handler as inventory_handler
from notification import handler as notification
from order_processor import handler as order_processor
from tests.promises.failpoints import Failpoints

SCHEMA = """
DROP SCHEMA IF EXISTS world CASCADE;
CREATE SCHEMA world;
CREATE TABLE world.queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, consumer text, body text);
CREATE TABLE world.lake (key text PRIMARY KEY, line jsonb);
CREATE TABLE world.told (order_id uuid, event_type text);
"""
CONSUMERS = {
    "order_processor": order_processor,
    "inventory_handler": inventory_handler,
    "notification": notification,
}


class World:
    """The services around the shop; a process reaches its failpoints before it changes anything in them."""

    def __init__(self, conninfo: str, failpoints: Failpoints | None = None) -> None:
        self._connection: psycopg.Connection[DictRow] = psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)
        self._failpoints = failpoints

    def rows(self, query: str, *values: object) -> list[DictRow]:
        """What a query answers; nothing, for a statement that has no answer."""
        cursor = self._connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Leave the world to others."""
        self._connection.close()

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 boto3's spelling
        """EventBridge: each entry into the queue of each consumer that wants it."""
        self._reach("put events")
        for entry in Entries:
            body = {
                "version": "0",
                "detail-type": entry["DetailType"],
                "source": entry["Source"],
                "detail": json.loads(entry["Detail"]),
            }
            for consumer, function in CONSUMERS.items():
                if entry["DetailType"] in function.HANDLERS:
                    self.rows("INSERT INTO world.queue (consumer, body) VALUES (%s, %s)", consumer, json.dumps(body))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "accepted"} for _ in Entries]}

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803
        """S3."""
        self._reach("put object")
        self.rows(
            "INSERT INTO world.lake VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET line = excluded.line",
            Key,
            Body.decode(),
        )

    def publish(self, *, MessageAttributes: dict[str, dict[str, str]], **_: str) -> None:  # noqa: N803
        """SNS."""
        self._reach("publish")
        order_id, event_type = (MessageAttributes[name]["StringValue"] for name in ("order_id", "event_type"))
        self.rows("INSERT INTO world.told VALUES (%s, %s)", order_id, event_type)

    def receive(self, consumer: str) -> list[DictRow]:
        """SQS: what lies in a queue, oldest first."""
        return self.rows("SELECT id, body FROM world.queue WHERE consumer = %s ORDER BY id LIMIT 10", consumer)

    def delete(self, message_id: int) -> None:
        """SQS: the message was handled."""
        self._reach("delete message")
        self.rows("DELETE FROM world.queue WHERE id = %s", message_id)

    def is_published(self) -> bool:
        """Whether no event waits in the outbox."""
        return self.rows("SELECT 1 FROM outbox WHERE published_at IS NULL") == []

    def is_delivered(self) -> bool:
        """Whether no event waits in a queue."""
        return self.rows("SELECT 1 FROM world.queue") == []

    def _reach(self, effect: str) -> None:
        if self._failpoints is not None:
            self._failpoints.reach(effect)
