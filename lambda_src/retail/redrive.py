"""Dead letters, and how they get back to where they were to go: the same for a function and for the command line.

SQS can move messages by itself (StartMessageMoveTask), but only all of them, and the embedded platform cannot.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from retail.dead_letters import NOTES, REASON, REASON_TYPE

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HIDDEN_SECONDS = 120  # a message is nobody else's for so long; one that is not deleted comes back by itself
RUN = "RedriveRun"
GIVE_UP_AFTER = 10  # refused messages in a row: then it is the destination and not the message
# What EventBridge, Lambda and our consumers note on a message that they give up; stale once it is sent again.
_NOTES_OF_FAILURE = {
    *("RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE", "EXHAUSTED_RETRY_CONDITION", "RETRY_ATTEMPTS"),
    *("RequestID", "ErrorCode", "ErrorMessage"),
    *NOTES,
}


class RefusedError(Exception):
    """The destination did not take a message, and why."""


class Destination(Protocol):
    """Where dead letters of one queue belong."""

    def send(self, message: MessageTypeDef, run: str) -> str | None:
        """Send it once more in this run; its new id if there is one. Raises RefusedError or botocore's errors."""


@dataclass(frozen=True)
class Queue:
    """The queue whose consumer failed."""

    sqs: SQSClient
    url: str

    def send(self, message: MessageTypeDef, run: str) -> str | None:
        """Into the queue, with the attributes it came with and the run's name, which it keeps when it dies again."""
        given = message.get("MessageAttributes", {})
        attributes = {name: value for name, value in given.items() if name not in _NOTES_OF_FAILURE}
        attributes[RUN] = {"DataType": "String", "StringValue": run}
        sent = self.sqs.send_message(QueueUrl=self.url, MessageBody=message["Body"], MessageAttributes=attributes)
        return sent["MessageId"]


@dataclass(frozen=True)
class Bus:
    """The bus, which could not read an event that it had taken."""

    events: EventBridgeClient
    name: str

    def send(self, message: MessageTypeDef, run: str) -> str | None:  # noqa: ARG002 an event of the bus takes no notes
        """Onto the bus, with the envelope it had: consumers know the event by its id and apply it once."""
        try:
            event = json.loads(message["Body"])
            entry: PutEventsRequestEntryTypeDef = {
                "EventBusName": self.name,
                "Source": event["source"],
                "DetailType": event["detail-type"],
                "Time": event["time"],
                "Detail": json.dumps(event["detail"]),
            }
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedError(f"not an event of EventBridge: {error!r}") from None
        answer = self.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise RefusedError(answer["Entries"][0].get("ErrorMessage", "the bus gives no reason"))
        return None


@dataclass(frozen=True)
class DeadLetterQueue:
    """The dead letters of one consumer (or of the bus), and where they belong."""

    name: str
    url: str
    destination: Destination


@dataclass
class Outcome:
    """What became of one queue's dead letters. `duplicated` ones were sent and could not be deleted: both exist."""

    queue: str
    replayed: int = 0
    refused: int = 0
    duplicated: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every dead letter that was looked at is back, and only there."""
        return not (self.refused or self.duplicated)


def describe_message(message: MessageTypeDef) -> str:
    """What a person needs to recognise a message and to know why it died; never its payload, which may be anything."""
    try:
        event = json.loads(message["Body"])
        what = f"{event['detail-type']} {event['detail'].get('event_id', event['id'])} of {event['time']}"
    except (ValueError, KeyError, TypeError, AttributeError):
        what = f"message {message['MessageId']}, which is no event"
    given = message.get("MessageAttributes", {})
    notes = {name: value.get("StringValue", "") for name, value in given.items()}
    kind, reason = notes.get(REASON_TYPE) or notes.get("ERROR_CODE"), notes.get(REASON) or notes.get("ERROR_MESSAGE")
    return f"{what}: {kind}: {reason}" if kind or reason else what


def dead_letter_queues(sqs: SQSClient, events: EventBridgeClient, environment: str, bus: str) -> list[DeadLetterQueue]:
    """Every dead-letter queue of the environment, by name: found by the queues that point at it."""
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"retail-{environment}-")
    urls = [url for page in pages for url in page.get("QueueUrls", [])]
    attributes = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "RedrivePolicy"])["Attributes"]
        for url in urls
    }
    by_arn = {values["QueueArn"]: url for url, values in attributes.items()}
    found = [
        DeadLetterQueue(_name(url), by_arn[target], Queue(sqs, url))
        for url, values in attributes.items()
        if "RedrivePolicy" in values
        and (target := json.loads(values["RedrivePolicy"])["deadLetterTargetArn"]) in by_arn
    ]
    found += [DeadLetterQueue(_name(url), url, Bus(events, bus)) for url in urls if "-BusDeadLetters" in url]
    return sorted(found, key=lambda queue: queue.name)


def _name(url: str) -> str:
    """`OrderProcessing` for the queue `retail-dev-events-OrderProcessingQueueEF2774A5-…`."""
    whole = url.rsplit("/", 1)[-1]
    part = re.search(r"^retail-[^-]+-[^-]+-(\w+?)(?:Queue|DeadLetters)[0-9A-F]{8}", whole)
    return part[1] if part else whole


class Replay:
    """One run over one dead-letter queue.

    No message is ever lost: each is sent first and deleted after, and whatever stops in between leaves it where it
    was. One that dies again during the run is known, by its new id or by the run's name, and waits for the next run.
    """

    def __init__(self, queue: DeadLetterQueue, sqs: SQSClient, report: Callable[[MessageTypeDef], None]) -> None:
        self._queue, self._sqs, self._report = queue, sqs, report
        self._run = uuid4().hex
        self._seen: set[str] = set()
        self._held: set[str] = set()
        self.outcome = Outcome(queue.name)

    def run(
        self, *, limit: int | None = None, dry_run: bool = False, has_time: Callable[[], bool] = lambda: True
    ) -> Outcome:
        """Put `limit` dead letters back, or all that lie there now while there is time; with `dry_run` only report."""
        refused_in_a_row = 0
        try:
            for message in takewhile(lambda _: has_time(), self._messages(limit, has_time)):
                self._report(message)
                if dry_run:
                    self.outcome.replayed += 1
                elif self._put_back(message):
                    refused_in_a_row = 0
                else:
                    refused_in_a_row += 1
                    if refused_in_a_row == GIVE_UP_AFTER:
                        break
        finally:
            self._release()
        return self.outcome

    def _messages(self, limit: int | None, has_time: Callable[[], bool]) -> Iterator[MessageTypeDef]:
        left = sys.maxsize if limit is None else limit
        while left > 0:
            received = self._sqs.receive_message(
                QueueUrl=self._queue.url,
                MaxNumberOfMessages=min(left, 10),
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=2,  # asks every server of SQS, so that an empty answer means an empty queue
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            new = [message for message in received if not self._knows(message)]
            self._held |= {message["ReceiptHandle"] for message in received}
            if not received or not (new or has_time()):  # behind this run's own returns others may lie
                return
            for message in new:
                self._seen.add(message["MessageId"])
                left -= 1
                yield message

    def _knows(self, message: MessageTypeDef) -> bool:
        noted = message.get("MessageAttributes", {}).get(RUN)
        return message["MessageId"] in self._seen or (noted is not None and noted.get("StringValue") == self._run)

    def _put_back(self, message: MessageTypeDef) -> bool:
        """Send, then delete; whether it was sent."""
        try:
            new_id = self._queue.destination.send(message, self._run)
        except (RefusedError, ClientError, BotoCoreError) as error:
            self.outcome.refused += 1
            self.outcome.reasons.append(f"{message['MessageId']} refused: {error}")
            return False
        self.outcome.replayed += 1
        self._seen.add(new_id or "")
        try:
            self._sqs.delete_message(QueueUrl=self._queue.url, ReceiptHandle=message["ReceiptHandle"])
        except (ClientError, BotoCoreError) as error:
            self.outcome.duplicated += 1
            self.outcome.reasons.append(f"{message['MessageId']} sent, and not deleted from the dead letters: {error}")
        self._held.discard(message["ReceiptHandle"])
        return True

    def _release(self) -> None:
        """Show what stays at once; where that fails, SQS does it by itself after two minutes."""
        for receipt in self._held:
            with contextlib.suppress(ClientError, BotoCoreError):
                self._sqs.change_message_visibility(
                    QueueUrl=self._queue.url, ReceiptHandle=receipt, VisibilityTimeout=0
                )
