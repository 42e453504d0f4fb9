"""Inventory update (row P13): reserved pieces leave the stock, then the cache forgets the product."""

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from retail import stock
from retail.cache import connect_cache
from retail.catalog import drop_cached
from retail.consumer import consume
from retail.database import SingleConnection
from retail.events import BusEvent, InventoryReserved
from retail.handled_events import handle_once
from retail.settings import DatabaseSettings

if TYPE_CHECKING:
    from redis import Redis

CONSUMER = "inventory_handler"


class Settings(DatabaseSettings):
    """The environment variables of this function."""

    cache_endpoint: str


@cache
def resources() -> tuple[SingleConnection, "Redis"]:
    """Database and cache of this function, made once."""
    settings = Settings()
    return settings.connect(), connect_cache(settings.cache_endpoint)


def inventory_reserved(event: BusEvent) -> None:
    """Decrement once; the cache is dropped at every delivery, so that one which failed there is made good."""
    database, cached = resources()
    reserved = event.payload(InventoryReserved)
    with database.transaction() as connection:
        if handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id):
            stock.decrement(connection, reserved.order_id)
    drop_cached(cached, [line.product_id for line in reserved.lines])


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Apply the reservations of one batch of queue messages."""
    return consume(event, context, {InventoryReserved.detail_type: inventory_reserved})
