"""Inventory update (row P13): reserved pieces leave the stock; whatever changed, the cache forgets the product."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from retail import stock
from retail.cache import connect_cache
from retail.catalog import drop_cached, drop_lists
from retail.consumer import Handlers, consume
from retail.database import SingleConnection
from retail.events import BusEvent, InventoryAdjusted, InventoryReleased, InventoryReserved, ProductChanged
from retail.handled_events import handle_once
from retail.observability import count, logger
from retail.settings import DatabaseSettings

if TYPE_CHECKING:
    from redis import Redis

CONSUMER = "inventory_handler"


class Settings(DatabaseSettings):
    """The environment variables of this function."""

    cache_endpoint: str


class Resources(NamedTuple):
    """What this function works with."""

    database: SingleConnection
    cache: "Redis"


@cache
def resources() -> Resources:
    """Database and cache of this function, made once."""
    settings = Settings.read()
    return Resources(settings.connect(), connect_cache(settings.cache_endpoint))


def inventory_reserved(event: BusEvent) -> None:
    """Decrement once; the cache is dropped at every delivery, so that one which failed there is made good."""
    reserved = event.payload(InventoryReserved)
    with resources().database.transaction() as connection:
        if handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id):
            for product_id, left in stock.decrement(connection, reserved.order_id).items():
                logger.warning("stock is low", product_id=str(product_id), pieces=left)
                count("StockLow")
    drop_cached(resources().cache, [line.product_id for line in reserved.lines])


def inventory_released(event: BusEvent) -> None:
    """The pieces are back in the stock already: the next reader sees them."""
    _forget(line.product_id for line in event.payload(InventoryReleased).lines)


def inventory_adjusted(event: BusEvent) -> None:
    """The stock was corrected already: the next reader sees it."""
    _forget([event.payload(InventoryAdjusted).product_id])


def product_changed(event: BusEvent) -> None:
    """The next reader sees the product as it is now."""
    _forget([event.payload(ProductChanged).product_id])


def _forget(products: Iterable[UUID]) -> None:
    drop_cached(resources().cache, list(products))
    drop_lists(resources().cache)


HANDLERS: Handlers = {
    InventoryReserved.detail_type: inventory_reserved,
    InventoryReleased.detail_type: inventory_released,
    InventoryAdjusted.detail_type: inventory_adjusted,
    ProductChanged.detail_type: product_changed,
}


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Apply what one batch of queue messages says about the stock."""
    return consume(event, context, HANDLERS)
