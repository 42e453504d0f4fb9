"""Queues in memory that behave as SQS does where a replay can see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "https://sqs/0/"
QUEUE = f"{ACCOUNT}retail-test-events-OrderProcessingQueueEF2774A5-x"
DEAD = f"{ACCOUNT}retail-test-events-OrderProcessingDeadLettersFDBA291B-y"
BUS_DEAD = f"{ACCOUNT}retail-test-events-BusDeadLetters0A1B2C3D-z"


def refusal(operation: str) -> ClientError:
    """AWS says no."""
    return ClientError({"Error": {"Code": "AccessDenied", "Message": f"no {operation} for you"}}, operation)


@dataclass
class FakeSqs:
    """A client of three queues: the orders', its dead letters, the bus's dead letters.

    `dies_at_once` moves what is sent straight into the dead letters, keeping its id, as SQS does after three receives;
    `given_up_again` does the same under a new id, as a consumer of ours that gives up a message.
    """

    queues: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {QUEUE: [], DEAD: [], BUS_DEAD: []})
    hidden: set[str] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)
    dies_at_once: bool = False
    given_up_again: bool = False
    sent: int = 0

    def put(self, url: str, body: str, **attributes: str) -> None:
        """A message that lies there already."""
        self.sent += 1
        values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.queues[url].append({"MessageId": f"m{self.sent}", "Body": body, "MessageAttributes": values})

    def get_paginator(self, _operation: str) -> FakeSqs:
        return self

    def paginate(self, QueueNamePrefix: str) -> list[dict[str, Any]]:  # noqa: N803 boto3's names
        return [{"QueueUrls": [url for url in self.queues if url.startswith(ACCOUNT + QueueNamePrefix)]}, {}]

    def get_queue_attributes(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": 3})}
        return {"Attributes": {"QueueArn": QueueUrl, **(policy if QueueUrl == QUEUE else {})}}

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        visible = [m for m in self.queues[QueueUrl] if m["MessageId"] not in self.hidden][:MaxNumberOfMessages]
        self.hidden |= {message["MessageId"] for message in visible}
        received = [{**message, "ReceiptHandle": message["MessageId"]} for message in visible]
        return {"Messages": received} if received else {}

    def send_message(self, QueueUrl: str, MessageBody: str, MessageAttributes: dict[str, Any]) -> dict[str, str]:  # noqa: N803
        if "send" in self.refuse or MessageBody in self.refuse:
            raise refusal("SendMessage")
        self.sent += 1
        message: dict[str, Any] = {"MessageId": f"m{self.sent}", "Body": MessageBody}
        message["MessageAttributes"] = MessageAttributes
        if self.given_up_again:
            self.sent += 1
            self.queues[DEAD].insert(0, {**message, "MessageId": f"m{self.sent}"})  # SQS keeps no order
        else:
            self.queues[DEAD if self.dies_at_once else QueueUrl].append(message)
        return {"MessageId": message["MessageId"]}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        if "delete" in self.refuse:
            raise refusal("DeleteMessage")
        self.queues[QueueUrl] = [m for m in self.queues[QueueUrl] if m["MessageId"] != ReceiptHandle]

    def change_message_visibility(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self.hidden.discard(ReceiptHandle)

    def bodies(self, url: str) -> list[str]:
        """What lies there."""
        return [message["Body"] for message in self.queues[url]]
