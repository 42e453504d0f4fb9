"""Decode, hand over, report: what every function behind a queue does with its batch."""

from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from retail.dead_letters import dead_letters
from retail.errors import MalformedMessageError
from retail.events import BusEvent
from retail.observability import correlate, count, describe, logger
from retail.tracing import carry

Handlers = Mapping[str, Callable[[BusEvent], None]]


def consume(batch: dict[str, Any], context: LambdaContext, handlers: Handlers) -> PartialItemFailureResponse:
    """Give each message to the handler of its detail-type, under the correlation id of its request."""

    def handle(record: SQSRecord) -> None:
        event = BusEvent.parse(record.body)
        correlate(event.detail.correlation_id, event_id=str(event.detail.event_id), event_type=event.detail_type)
        handler = handlers.get(event.detail_type)
        if handler is None:
            raise MalformedMessageError(f"{event.detail_type} is not handled here, only {', '.join(sorted(handlers))}")
        handler(event)
        logger.info("event handled")

    return consume_records(batch, context, handle)


def consume_records(
    batch: dict[str, Any], context: LambdaContext, handle: Callable[[SQSRecord], None]
) -> PartialItemFailureResponse:
    """Handle each message in a log context of its own.

    A message that fails is reported alone, with its reason in the log: the others are done and do not come back. One
    that no retry can help, or that failed often enough, is put into the dead-letter queue with its reason at once;
    where that fails too it stays in the queue, whose redrive policy moves it, without the reason.
    """

    def handle_or_bury(record: SQSRecord) -> None:
        carry(record.attributes.aws_trace_header)  # what comes of it belongs to the request that caused it
        try:
            handle(record)
        except Exception as error:
            logger.error("message failed", message_id=record.message_id, error=describe(error))
            count("MessagesMalformed" if isinstance(error, MalformedMessageError) else "MessagesFailed")
            if not dead_letters().is_hopeless(record, error):
                raise
            dead_letters().bury(record, error)
            logger.error("message given up", message_id=record.message_id)
            count("MessagesGivenUp")

    def handle_apart(record: SQSRecord) -> None:
        copy_context().run(handle_or_bury, record)

    # A batch in which everything failed is reported item by item as well: raising would only hide the reasons.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event=batch, record_handler=handle_apart, processor=processor, context=context)
