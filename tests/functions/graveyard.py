"""The dead-letter queue, as a function that gives up a message sees it."""

from typing import Any


class Graveyard:
    """Keeps what is sent to it, unless it is closed."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.closed = False

    def send_message(self, *, QueueUrl: str, MessageBody: str, MessageAttributes: dict[str, Any]) -> None:  # noqa: N803
        assert QueueUrl == "https://sqs/dead"
        if self.closed:
            raise ConnectionError("away")
        notes = {name: value["StringValue"] for name, value in MessageAttributes.items()}
        self.messages.append({"body": MessageBody, **notes})

    @property
    def reasons(self) -> list[str]:
        """Why each message was given up."""
        return [message["FailureReason"] for message in self.messages]
