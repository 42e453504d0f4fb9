"""Order processing (row P12): decode, hand over to the settlement, report.

What it has nothing to do for it archives all the same: the lake has the whole life of an order.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from retail import clients
from retail.bus import EventBridgeBus
from retail.consumer import consume
from retail.events import (
    BusEvent,
    OrderCancelled,
    OrderPaymentFailed,
    OrderPlaced,
    OrderReturned,
    OrderShipped,
    PaymentProcessed,
    PaymentRefunded,
    ProductAddedToCart,
)
from retail.lake import Lake
from retail.payments import GatewayName, gateway_named
from retail.settings import DatabaseSettings
from retail.settlement import Settlement


class Settings(DatabaseSettings):
    """The environment variables of this function."""

    lake_bucket: str
    event_bus_name: str
    payment_gateway: GatewayName
    payment_secret_arn: str | None = None


@cache
def settlement() -> Settlement:
    """The settlement over this function's resources, made once."""
    settings = Settings.read()
    return Settlement(
        database=settings.connect(),
        lake=Lake(clients.s3(), settings.lake_bucket),
        gateway=gateway_named(settings.payment_gateway, secret_arn=settings.payment_secret_arn),
        bus=EventBridgeBus(clients.events(), settings.event_bus_name),
    )


HANDLERS: dict[str, Callable[[Settlement, BusEvent], None]] = {
    OrderPlaced.detail_type: Settlement.order_placed,
    PaymentProcessed.detail_type: Settlement.payment_processed,
    OrderCancelled.detail_type: Settlement.order_cancelled,
    OrderReturned.detail_type: Settlement.order_returned,
    OrderPaymentFailed.detail_type: Settlement.archived,
    OrderShipped.detail_type: Settlement.archived,
    PaymentRefunded.detail_type: Settlement.archived,
    ProductAddedToCart.detail_type: Settlement.archived,
}


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Settle the orders of one batch of queue messages."""
    orders = settlement()
    return consume(event, context, {name: partial(handle, orders) for name, handle in HANDLERS.items()})
