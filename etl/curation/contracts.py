"""What the job expects of each event, field by field; a test holds it against the models of `retail.events`.

The models themselves cannot be asked: Glue has no pydantic, and a model takes far longer over an event than the job,
which checks columns. What a model accepts, the job accepts, and what it refuses is quarantined. The job is stricter
with some things that the shop never writes: an envelope without id, time or version, a UUID without hyphens, a time as
a number or more than 18 hours off UTC, a whole number of more than 32 bits, an amount with underscores or digits beyond
ASCII.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

MAJOR_VERSION = "1"
BEGAN = "2025-01-01T00:00:00+00:00"  # no event of the shop is older; a clock that was never set says 1970 or 2000
BUS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
INSIDE = ("event_id", "occurred_at", "version", "correlation_id", "payload")  # of what the bus carries as `detail`
ENVELOPE = ("detail_type", "source", *INSIDE)


class Kind(Enum):
    """What a field of a payload holds; the value says what is wrong with one that does not."""

    UUID = "is no UUID"
    TEXT = "is missing"
    NAME = "is empty"
    INTEGER = "is no whole number"
    QUANTITY = "is no whole number above 0"
    COUNT = "is no whole number from 0"
    FLAG = "is neither true nor false"
    MONEY = "is no amount of money"
    TEXTS = "is no list of texts"
    ORDER_LINES = "is incomplete"
    RESERVED_LINES = "holds no product and quantity"


# What the parts of a payload hold, in the order in which the shop writes them.
MONEY = ("amount", "currency")
RESERVED_LINE: Mapping[str, Kind] = {"product_id": Kind.UUID, "quantity": Kind.QUANTITY}
ORDER_LINE: Mapping[str, Kind] = {
    "product_id": Kind.UUID,
    "sku": Kind.TEXT,
    "name": Kind.TEXT,
    "quantity": Kind.QUANTITY,
    "unit_price": Kind.MONEY,
}
LINES: Mapping[Kind, Mapping[str, Kind]] = {Kind.ORDER_LINES: ORDER_LINE, Kind.RESERVED_LINES: RESERVED_LINE}


@dataclass(frozen=True)
class Contract:
    """Where the event lies in the raw zone, and what its payload holds."""

    prefix: str
    required: Mapping[str, Kind]
    optional: Mapping[str, Kind]

    def fields(self) -> Iterator[tuple[str, Kind, bool]]:
        """Name, kind, and whether it has to be there."""
        yield from ((name, kind, True) for name, kind in self.required.items())
        yield from ((name, kind, False) for name, kind in self.optional.items())


def _contract(prefix: str, optional: Mapping[str, Kind] | None = None, **required: Kind) -> Contract:
    return Contract(prefix, required, optional or {})


CONTRACTS: Mapping[str, Contract] = {  # the most frequent first
    "ProductAddedToCart": _contract("orders", visit_id=Kind.NAME, product_id=Kind.UUID, quantity=Kind.QUANTITY),
    "OrderPlaced": _contract(
        "orders",
        {"customer_id": Kind.UUID, "visit_id": Kind.TEXT},
        order_id=Kind.UUID,
        lines=Kind.ORDER_LINES,
        total=Kind.MONEY,
    ),
    "OrderPaymentFailed": _contract("orders", {"amount": Kind.MONEY}, order_id=Kind.UUID, reason=Kind.TEXT),
    "OrderShipped": _contract("orders", {"tracking_code": Kind.TEXT}, order_id=Kind.UUID),
    "OrderCancelled": _contract("orders", order_id=Kind.UUID, reason=Kind.TEXT),
    "OrderReturned": _contract("orders", order_id=Kind.UUID, reason=Kind.TEXT),
    "PaymentProcessed": _contract("orders", order_id=Kind.UUID, payment_reference=Kind.TEXT, amount=Kind.MONEY),
    "PaymentRefunded": _contract("orders", order_id=Kind.UUID, refund_reference=Kind.TEXT, amount=Kind.MONEY),
    "InventoryReserved": _contract("inventory", order_id=Kind.UUID, lines=Kind.RESERVED_LINES),
    "InventoryReleased": _contract("inventory", order_id=Kind.UUID, lines=Kind.RESERVED_LINES),
    "InventoryAdjusted": _contract(
        "inventory", product_id=Kind.UUID, change=Kind.INTEGER, inventory_count=Kind.COUNT, reason=Kind.TEXT
    ),
    "ProductChanged": _contract(
        "products",
        {"active": Kind.FLAG},
        product_id=Kind.UUID,
        sku=Kind.TEXT,
        name=Kind.TEXT,
        price=Kind.MONEY,
        categories=Kind.TEXTS,
        inventory_count=Kind.COUNT,
    ),
}
