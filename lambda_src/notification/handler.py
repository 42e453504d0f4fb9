"""Notification (row P14): tells the topic, in words without personal data, what happened to an order."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from retail import clients
from retail.consumer import Handlers, consume
from retail.database import SingleConnection
from retail.events import (
    BusEvent,
    OrderCancelled,
    OrderPaymentFailed,
    OrderPlaced,
    OrderShipped,
    PaymentRefunded,
)
from retail.handled_events import handle_once, is_handled
from retail.settings import DatabaseSettings

CONSUMER = "notification"


class Settings(DatabaseSettings):
    """The environment variables of this function."""

    topic_arn: str


@cache
def resources() -> tuple[SingleConnection, str]:
    """Database and topic of this function, made once."""
    settings = Settings.read()
    return settings.connect(), settings.topic_arn


def order_placed(event: BusEvent) -> None:
    """The customer's confirmation."""
    placed = event.payload(OrderPlaced)
    pieces = sum(line.quantity for line in placed.lines)
    _tell(
        event,
        order_id=str(placed.order_id),
        subject="Your order is confirmed",
        message=f"Order {placed.order_id} is confirmed: {pieces} item(s), {placed.total}.",
    )


def order_shipped(event: BusEvent) -> None:
    """The parcel is on its way."""
    shipped = event.payload(OrderShipped)
    tracking = f" Tracking code: {shipped.tracking_code}." if shipped.tracking_code else ""
    _tell(
        event,
        order_id=str(shipped.order_id),
        subject="Your order is on its way",
        message=f"Order {shipped.order_id} has left our house.{tracking}",
    )


def payment_failed(event: BusEvent) -> None:
    """There will be no parcel, and why."""
    failed = event.payload(OrderPaymentFailed)
    _tell(
        event,
        order_id=str(failed.order_id),
        subject="Your payment was declined",
        message=f"Order {failed.order_id} could not be charged: {failed.reason} Nothing was taken.",
    )


def order_cancelled(event: BusEvent) -> None:
    """There will be no parcel, and somebody decided so; the reason is for the house."""
    cancelled = event.payload(OrderCancelled)
    _tell(
        event,
        order_id=str(cancelled.order_id),
        subject="Your order is cancelled",
        message=f"Order {cancelled.order_id} is cancelled. What was charged for it comes back by itself.",
    )


def payment_refunded(event: BusEvent) -> None:
    """The money is on its way back."""
    refunded = event.payload(PaymentRefunded)
    _tell(
        event,
        order_id=str(refunded.order_id),
        subject="Your money is on its way back",
        message=f"For order {refunded.order_id} you get {refunded.amount} back.",
    )


def _tell(event: BusEvent, *, order_id: str, subject: str, message: str) -> None:
    """Publish unless this event was published before; only a crash between the two can tell twice, none tells never."""
    database, topic_arn = resources()
    with database.transaction() as connection:
        if is_handled(connection, consumer=CONSUMER, event_id=event.detail.event_id):
            return
    attributes = {
        "event_type": event.detail_type,
        "event_id": str(event.detail.event_id),
        "order_id": order_id,
        "correlation_id": event.detail.correlation_id,
    }
    clients.sns().publish(
        TopicArn=topic_arn,
        Subject=subject,
        Message=message,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
    with database.transaction() as connection:
        handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id)


HANDLERS: Handlers = {
    OrderPlaced.detail_type: order_placed,
    OrderShipped.detail_type: order_shipped,
    OrderPaymentFailed.detail_type: payment_failed,
    OrderCancelled.detail_type: order_cancelled,
    PaymentRefunded.detail_type: payment_refunded,
}


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Tell what one batch of queue messages reports."""
    return consume(event, context, HANDLERS)
