"""A small history of the shop, told as its events by hand, whose answers can be worked out by hand.

Today is 2026-11-20, 12:00 UTC. Two products: mugs at 10.00 and lamps at 40.00 EUR, or 45.00 USD.

| order | customer, visit | placed        | lines          | paid          | then                                    |
|-------|-----------------|---------------|----------------|---------------|-----------------------------------------|
| o1    | ada, v1         | 11-17 09:00   | 2 mugs         | 20.00 at once | shipped after 24 h                      |
| o2    | ada, v2         | 11-18 09:00   | 1 mug, 1 lamp  | 50.00 at once | shipped after 49.5 h: late              |
| o3    | guest, v3       | 11-18 23:30   | 3 lamps        | 120.00, 11-19 | shipped after 29.5 h                    |
| o4    | bob, v4         | 11-17 15:00   | 1 lamp         | 40.00 at once | not shipped; 69 h: late                 |
| o5    | guest, v5       | 11-18 10:00   | 1 mug          | declined      | released                                |
| o6    | guest, none     | 11-16 08:00   | 5 mugs         | 50.00 at once | cancelled 11-18, released, refunded     |
| o7    | ada, none       | 09-15 08:00   | 1 lamp         | 40.00 at once | shipped: outside of 30 days, within 90  |
| o8    | ada, none       | 07-01 08:00   | 9 lamps        | 360.00        | outside of everything                   |
| o9    | guest, none     | 11-18 14:00   | 1 lamp, in USD | declined      | released                                |

Visits v1 to v5 filled carts (v3 and v6 twice; v6 and v7 ordered nothing; v1's cart is a day older than its order).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_OID, UUID, uuid5

from retail import events
from retail.events import OrderLine, Payload, ReservedLine
from retail.money import Money

NOW = datetime(2026, 11, 20, 12)


@dataclass(frozen=True)
class Product:
    """What is sold, at so many whole euros or dollars."""

    sku: str
    name: str
    price: int
    currency: str = "EUR"

    @property
    def id(self) -> UUID:
        """The same whatever the currency."""
        return id_of(self.sku)

    def cost(self, pieces: int) -> Money:
        """What so many pieces cost."""
        return money(self.price * pieces, self.currency)


MUG, LAMP = Product("MUG", "Mug", 10), Product("LAMP", "Lamp", 40)
LAMP_ABROAD = Product("LAMP", "Lamp", 45, "USD")
GONE = Product("GONE", "Not sold any more", 1)

Event = tuple[datetime, Payload]
Lines = list[tuple[Product, int]]


def history() -> list[Event]:
    """When everything happened, and what."""
    return [*_orders(), *_carts(), *_stock()]


def id_of(name: str) -> UUID:
    """The id of the order, customer or product of that name."""
    return uuid5(NAMESPACE_OID, name)


def at(moment: str) -> datetime:
    """That day and time of the year, `11-17T09:00`."""
    return datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=UTC)


def money(amount: int, currency: str = "EUR") -> Money:
    """A whole amount."""
    return Money(amount=Decimal(amount), currency=currency)


def _orders() -> Iterator[Event]:
    yield from _placed("o1", "ada", "v1", at("11-17T09:00"), [(MUG, 2)])
    yield from _placed("o2", "ada", "v2", at("11-18T09:00"), [(MUG, 1), (LAMP, 1)])
    yield from _placed("o3", None, "v3", at("11-18T23:30"), [(LAMP, 3)])
    yield from _placed("o4", "bob", "v4", at("11-17T15:00"), [(LAMP, 1)])
    yield from _placed("o5", None, "v5", at("11-18T10:00"), [(MUG, 1)])
    yield from _placed("o6", None, None, at("11-16T08:00"), [(MUG, 5)])
    yield from _placed("o7", "ada", None, at("09-15T08:00"), [(LAMP, 1)])
    yield from _placed("o8", "ada", None, at("07-01T08:00"), [(LAMP, 9)])
    yield from _placed("o9", None, None, at("11-18T14:00"), [(LAMP_ABROAD, 1)])
    yield _paid("o1", at("11-17T09:00"), 20)
    yield _paid("o2", at("11-18T09:00"), 50)
    yield _paid("o3", at("11-18T23:36") + timedelta(hours=1), 120)
    yield _paid("o4", at("11-17T15:00"), 40)
    yield _paid("o6", at("11-16T08:00"), 50)
    yield _paid("o7", at("09-15T08:00"), 40)
    yield _paid("o8", at("07-01T08:00"), 360)
    # Without its amount, as events had it before the field was there; with it in the other.
    yield from _declined("o5", at("11-18T10:01"), MUG, None)
    yield from _declined("o9", at("11-18T14:01"), LAMP_ABROAD, LAMP_ABROAD.cost(1))
    for order, shipped in (
        ("o1", at("11-18T09:00")),
        ("o2", at("11-20T10:30")),
        ("o3", at("11-20T05:00")),
        ("o7", at("09-16T08:00")),
        ("o8", at("07-02T08:00")),
    ):
        yield shipped, events.OrderShipped(order_id=id_of(order))
    yield at("11-18T11:00"), events.OrderCancelled(order_id=id_of("o6"), reason="changed my mind")
    yield at("11-18T11:00"), _released("o6", MUG, 5)
    refunded = events.PaymentRefunded(order_id=id_of("o6"), refund_reference="re_o6", amount=money(50))
    yield at("11-18T12:00"), refunded


def _placed(order: str, customer: str | None, visit: str | None, moment: datetime, lines: Lines) -> Iterator[Event]:
    told = tuple(
        OrderLine(
            product_id=product.id, sku=product.sku, name=product.name, quantity=pieces, unit_price=product.cost(1)
        )
        for product, pieces in lines
    )
    total = money(sum(product.price * pieces for product, pieces in lines), lines[0][0].currency)
    yield (
        moment,
        events.OrderPlaced(
            order_id=id_of(order),
            lines=told,
            total=total,
            customer_id=id_of(customer) if customer else None,
            visit_id=visit,
        ),
    )
    set_aside = tuple(ReservedLine(product_id=product.id, quantity=pieces) for product, pieces in lines)
    yield moment, events.InventoryReserved(order_id=id_of(order), lines=set_aside)


def _paid(order: str, moment: datetime, amount: int) -> Event:
    return moment, events.PaymentProcessed(order_id=id_of(order), payment_reference=f"ch_{order}", amount=money(amount))


def _declined(order: str, moment: datetime, product: Product, amount: Money | None) -> Iterator[Event]:
    yield moment, events.OrderPaymentFailed(order_id=id_of(order), reason="card_declined", amount=amount)
    yield moment, _released(order, product, 1)


def _released(order: str, product: Product, pieces: int) -> Payload:
    lines = (ReservedLine(product_id=product.id, quantity=pieces),)
    return events.InventoryReleased(order_id=id_of(order), lines=lines)


def _carts() -> Iterator[Event]:
    for visit, moment in (
        ("v1", at("11-16T20:00")),
        ("v2", at("11-18T08:50")),
        ("v3", at("11-18T23:00")),
        ("v3", at("11-18T23:10")),
        ("v4", at("11-17T14:00")),
        ("v5", at("11-18T09:50")),
        ("v6", at("11-16T10:00")),
        ("v6", at("11-17T10:00")),
        ("v7", at("10-01T10:00")),
    ):
        yield moment, events.ProductAddedToCart(visit_id=visit, product_id=MUG.id, quantity=1)


def _stock() -> Iterator[Event]:
    """Mugs were 100, then 60 were counted on the 17th at noon; lamps 30 since October; one product is not sold."""
    begin = at("06-01T00:00")
    for product, pieces in ((MUG, 100), (LAMP, 50), (GONE, 7)):
        yield begin, _changed(product, pieces)
    yield at("10-01T00:00"), _changed(LAMP, 30)
    yield at("10-01T00:00"), _changed(GONE, 7, active=False)
    counted = events.InventoryAdjusted(product_id=MUG.id, change=-30, inventory_count=60, reason="stocktaking")
    yield at("11-17T12:00"), counted


def _changed(product: Product, pieces: int, *, active: bool = True) -> Payload:
    return events.ProductChanged(
        product_id=product.id,
        sku=product.sku,
        name=product.name,
        price=product.cost(1),
        categories=("home",),
        inventory_count=pieces,
        active=active,
    )
