"""Redrive (row P15): an operator, once the cause is mended, has dead letters tried again.

    aws lambda invoke --function-name … --payload '{"consumer": "OrderProcessing", "dry_run": true}' answer.json

Does what `python -m ops.replay dead-letters` does, for those who may invoke this function and touch no queue.
"""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field, Json

from retail import clients
from retail.observability import logger
from retail.redrive import Bus, DeadLetterQueue, Queue, Replay, describe_message
from retail.settings import FunctionSettings

MILLISECONDS_TO_ANSWER = 10_000
MESSAGES_DESCRIBED = 100


class Settings(FunctionSettings):
    """The environment variables of this function: by consumer, where its dead letters lie and where they belong."""

    dead_letter_queues: Json[dict[str, str]] = Field(min_length=1)
    queues: Json[dict[str, str]]
    event_bus_name: str


class Order(BaseModel):
    """What the operator wants; without a consumer, all of them."""

    model_config = ConfigDict(extra="forbid")

    consumer: str | None = None
    limit: int | None = Field(default=None, ge=1)
    dry_run: bool = False


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Put dead letters back and tell of each queue what became of them; raises ValueError for an unknown consumer.

    Stops in time to answer: what it did not get to is where it was, and the next call goes on.
    """
    order = Order.model_validate(event)
    told: list[str] = []

    def report(message: Any) -> None:
        logger.info("dead letter", died=describe_message(message))
        if len(told) < MESSAGES_DESCRIBED:
            told.append(describe_message(message))

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > MILLISECONDS_TO_ANSWER

    outcomes = [
        Replay(queue, clients.sqs(), report).run(limit=order.limit, dry_run=order.dry_run, has_time=has_time)
        for queue in _chosen(order)
    ]
    answer = {"dry_run": order.dry_run, "queues": [asdict(outcome) for outcome in outcomes], "messages": told}
    logger.info("redriven", queues=answer["queues"], dry_run=order.dry_run)
    return answer


def _chosen(order: Order) -> list[DeadLetterQueue]:
    settings, sqs = Settings.read(), clients.sqs()
    bus = Bus(clients.events(), settings.event_bus_name)
    known = [
        DeadLetterQueue(name, url, Queue(sqs, settings.queues[name]) if name in settings.queues else bus)
        for name, url in sorted(settings.dead_letter_queues.items())
    ]
    chosen = [queue for queue in known if order.consumer in (None, queue.name)]
    if not chosen:
        raise ValueError(f"no consumer {order.consumer!r}: there is {', '.join(queue.name for queue in known)}")
    return chosen
