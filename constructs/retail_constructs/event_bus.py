"""The shop's own event bus, encrypted, with everything on it kept for replay."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

BUS_NAME = "RetailEventBus"
SOURCE_PREFIX = "retail."


class RetailEventBus(Construct):
    """The bus `RetailEventBus`, encrypted with `key`; its archive keeps every event of the shop for `archive_for`.

    The name is fixed, for publishers and the archive's readers know it in advance.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, archive_for: Duration) -> None:
        super().__init__(scope, id)
        self.bus = events.EventBus(
            self,
            "Default",
            event_bus_name=BUS_NAME,
            description="Orders, payments, stock and shipping of the shop",
            kms_key=key,
        )
        events.Archive(  # not bus.archive(…), which loses the key
            self,
            "Archive",
            source_event_bus=self.bus,
            description="Every event of the shop, replayable",
            event_pattern=events.EventPattern(source=events.Match.prefix(SOURCE_PREFIX)),
            retention=archive_for,
            kms_key=key,
        )

    @staticmethod
    def shop_events(*detail_types: str) -> events.EventPattern:
        """Matches these events of the shop, whichever part of it published them."""
        return events.EventPattern(source=events.Match.prefix(SOURCE_PREFIX), detail_type=list(detail_types))
