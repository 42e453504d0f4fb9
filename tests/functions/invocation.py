"""What Lambda hands to a function."""

from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext


class Context(LambdaContext):
    """The context of an invocation that has a minute left."""

    def __init__(self) -> None:
        self._aws_request_id = str(uuid4())

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def batch(*bodies: str, receives: int = 1, **attributes: str) -> dict[str, Any]:
    """A batch of queue messages whose ids are their positions, received so often, with these message attributes."""
    notes = {name: {"dataType": "String", "stringValue": value} for name, value in attributes.items()}
    return {
        "Records": [
            {
                "messageId": str(position),
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "messageAttributes": notes,
            }
            for position, body in enumerate(bodies)
        ]
    }


def failed(response: Any) -> list[str]:
    """The positions of the messages that failed."""
    return [item["itemIdentifier"] for item in response["batchItemFailures"]]
