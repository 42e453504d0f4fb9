"""Giving a message up: into the dead-letter queue with its reason, so that a person need not search logs for it."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from pydantic import Field

from retail import clients
from retail.errors import PermanentError
from retail.observability import describe, logger
from retail.settings import FunctionSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

REASON, REASON_TYPE, GIVEN_UP_BY, GIVEN_UP_AT = "FailureReason", "FailureType", "GivenUpBy", "GivenUpAt"
NOTES = frozenset({REASON, REASON_TYPE, GIVEN_UP_BY, GIVEN_UP_AT})
LONGEST_REASON = 1000
_NOT_IN_SQS = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


class DeadLetterSettings(FunctionSettings):
    """Where the messages of a function go that it gives up, and after how many tries the queue would do so itself."""

    dead_letter_queue_url: str
    receives_before_dead: int = Field(ge=1)


class DeadLetters:
    """The dead-letter queue of one consumer."""

    def __init__(self, client: "SQSClient", url: str, receives_before_dead: int) -> None:
        self._client = client
        self._url = url
        self._receives_before_dead = receives_before_dead

    def is_hopeless(self, record: "SQSRecord", error: Exception) -> bool:
        """Whether trying again is useless, or was tried often enough."""
        receives = int(record.attributes.approximate_receive_count or 1)
        return isinstance(error, PermanentError) or receives >= self._receives_before_dead

    def bury(self, record: "SQSRecord", error: Exception) -> None:
        """Put the message into the dead-letter queue as it came, with its reason; raises botocore's errors.

        It is sent here before it is deleted there: a crash in between leaves it in both, never in none.
        """
        notes = {
            REASON: _NOT_IN_SQS.sub("?", describe(error)["reason"])[:LONGEST_REASON] or "none given",
            REASON_TYPE: type(error).__name__,
            GIVEN_UP_BY: logger.service,
            GIVEN_UP_AT: datetime.now(UTC).isoformat(timespec="seconds"),
        }
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": given.string_value}
            for name, given in record.message_attributes.items()
            if given.data_type == "String" and given.string_value
        }
        attributes |= {name: {"DataType": "String", "StringValue": value} for name, value in notes.items()}
        self._client.send_message(QueueUrl=self._url, MessageBody=record.body, MessageAttributes=attributes)


@cache
def dead_letters() -> DeadLetters:
    """The dead-letter queue of this function, as its environment names it."""
    settings = DeadLetterSettings.read()
    return DeadLetters(clients.sqs(), settings.dead_letter_queue_url, settings.receives_before_dead)
