"""The outbox's relay: publishes what a crash left behind, measures what waits too long, and clears away what is old.

Whoever writes an event publishes it right after the commit; this is for what nobody was left to publish.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from retail import clients, delivery, order_desk, outbox
from retail.bus import EventBridgeBus, EventBus
from retail.database import SingleConnection
from retail.observability import logger, measure
from retail.purge import Retention, purge
from retail.retentions import retentions
from retail.settings import DatabaseSettings

LONGEST_REPLAY_DAYS = 90 + 14  # an event can come back out of the archive, and then wait among the dead letters


class Settings(DatabaseSettings):
    """The environment variables of this function."""

    event_bus_name: str
    published_days: int = Field(default=7, ge=1, description="How long an event is kept here once the bus has it")
    handled_days: int = Field(
        default=LONGEST_REPLAY_DAYS + 10, gt=LONGEST_REPLAY_DAYS, description="How long we know what was handled"
    )
    address_days: int = Field(
        default=delivery.KEPT_DAYS, ge=30, description="How long after its end we know where an order went"
    )
    email_days: int = Field(
        default=400, ge=30, description="How long after its end we know whom to write to about an order"
    )

    def retentions(self) -> dict[str, Retention]:
        """What is kept how long."""
        return retentions(
            published_days=self.published_days,
            handled_days=self.handled_days,
            address_days=self.address_days,
            email_days=self.email_days,
        )


@cache
def resources() -> tuple[SingleConnection, EventBus, Settings]:
    """Database, bus and settings of this function, made once."""
    settings = Settings.read()
    return settings.connect(), EventBridgeBus(clients.events(), settings.event_bus_name), settings


def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Measure, publish, clear away; what waits is told first, so that it is known also while the bus is away."""
    database, bus, settings = resources()
    age = outbox.seconds_waiting(database)
    with database.transaction() as connection:
        stuck = order_desk.count_stuck(connection)
    measure("OutboxAge", age, MetricUnit.Seconds)
    measure("OrdersStuck", stuck, MetricUnit.Count)
    done = {"published": outbox.publish_pending(database, bus)}
    for name, kept in settings.retentions().items():
        done[name] = purge(database, kept)
    logger.info("outbox relayed", seconds_waiting=age, orders_stuck=stuck, done=done)
    return done
