"""One day of the history: everything that begins on it, with what follows on later days."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ops.history.ids import Ids
from ops.history.mishaps import Way
from ops.history.stock import stock
from ops.history.story import Product, Story, catalog, customers
from ops.history.visits import BETWEEN_THINGS, TO_PAY, Fate, draw

CURRENCY = "EUR"
Objects = Mapping[tuple[str, date], bytes]


class Telling:
    """Collects what arrives by prefix and day, not after the last day. `count` is of records."""

    def __init__(self, story: Story, day: date) -> None:
        self.story, self.day = story, day
        self.chance = story.random(day)
        self.visits = draw(story, day, self.chance)
        self.ids = Ids(self.chance)
        self.midnight = datetime.combine(day, datetime.min.time())
        self.count = 0
        self._way = Way(story.mishaps, story.random_of_the_way(day)) if story.mishaps else None
        self._lines: defaultdict[tuple[str, date], list[str]] = defaultdict(list)

    def tell(self, second: float, source: str, name: str, correlation: str, payload: str) -> None:
        """An event, so many seconds after this day began; `payload` is JSON."""
        moment = self.midnight + timedelta(seconds=second)
        day = moment.date()
        prefix = "inventory" if name.startswith("Inventory") else "products" if name == "ProductChanged" else "orders"
        line = (
            f'{{"detail_type": "{name}", "source": "retail.{source}", "event_id": "{self.ids.take()}", "occurred_at": '
            f'"{moment.isoformat(timespec="microseconds")}Z", "version": "1.0", "correlation_id": "{correlation}", '
            f'"payload": {payload}}}\n'
        )
        way = None if source == "catalog" else self._way
        for arrived, record in way.arrivals(line, day) if way else ((day, line),):
            if arrived <= self.story.last_day:
                self.count += 1
                self._lines[prefix, arrived].append(record)

    def objects(self) -> Objects:
        """What was told, compressed; the members of a day may be put after each other."""
        return {
            where: gzip.compress("".join(lines).encode(), compresslevel=4, mtime=0)
            for where, lines in self._lines.items()
        }


def tell(story: Story, day: date) -> tuple[Objects, int]:
    """That day and what follows from it: objects by prefix and day, and how many records they hold."""
    telling = Telling(story, day)
    if day == story.first_day:
        _publish_catalog(telling)
    _restock(telling)
    _visits(telling)
    return telling.objects(), telling.count


def _money(cents: int) -> str:
    return f'{{"amount": "{cents // 100}.{cents % 100:02}", "currency": "{CURRENCY}"}}'


def _product(product: Product, cents: int, count: int) -> str:
    return (
        f'{{"product_id": "{product.id}", "sku": "{product.sku}", "name": "{product.name}", "price": {_money(cents)}, '
        f'"categories": {json.dumps([product.category])}, "inventory_count": {count}, "active": true}}'
    )


def _publish_catalog(telling: Telling) -> None:
    opening = stock(telling.story).opening
    for place, product in enumerate(catalog(telling.story)[0]):
        payload = _product(product, product.cents, opening[place])
        telling.tell(place * 0.1, "catalog", "ProductChanged", telling.ids.take(), payload)


def _restock(telling: Telling) -> None:
    """Each product is looked at once a week; now and then one gets another price."""
    products, chance = catalog(telling.story)[0], telling.chance
    for look in stock(telling.story).looks[telling.day]:
        product = products[look.place]
        payload = (
            f'{{"product_id": "{product.id}", "change": {look.change}, "inventory_count": {look.count}, '
            f'"reason": "{"delivery" if look.delivered else "stocktaking"}"}}'
        )
        telling.tell(look.second, "catalog", "InventoryAdjusted", telling.ids.take(), payload)
        if chance.random() < 0.1:
            cents = max(99, int(product.cents * chance.uniform(0.8, 1.2)))
            changed = _product(product, cents, look.count)
            telling.tell(look.second, "catalog", "ProductChanged", telling.ids.take(), changed)


def _visits(telling: Telling) -> None:
    visits, products = telling.visits, catalog(telling.story)[0]
    begin = 0
    ordered, released = visits.ordered.tolist(), visits.released.tolist()
    for visit, (second, size) in enumerate(zip(visits.seconds.tolist(), visits.sizes.tolist(), strict=True)):
        things = slice(begin, begin + size)
        begin += size
        basket: dict[int, int] = {}
        visit_id = telling.ids.take_digits()
        for place, quantity in zip(visits.places[things].tolist(), visits.quantities[things].tolist(), strict=True):
            basket[place] = basket.get(place, 0) + quantity
            payload = f'{{"visit_id": "{visit_id}", "product_id": "{products[place].id}", "quantity": {quantity}}}'
            telling.tell(second, "storefront", "ProductAddedToCart", telling.ids.take(), payload)
            second += BETWEEN_THINGS
        if visits.orders[visit]:
            order = Order(
                second=ordered[visit],
                visit_id=visit_id,
                customer=_customer(telling, visit),
                lines=[(products[place], quantity) for place, quantity in basket.items()],
                fate=Fate(visits.fates[visit]),
                shipped=float(visits.parcels[visit]),
                released=released[visit],
                reason=float(visits.reasons[visit]),
            )
            _order(telling, order)


def _customer(telling: Telling, visit: int) -> str | None:
    visits = telling.visits
    if not visits.signed_in[visit]:
        return None
    return telling.ids.take() if visits.once[visit] else customers(telling.story)[visits.who[visit]]


@dataclass(frozen=True)
class Order:
    """What somebody wants, and what becomes of it: `shipped` and `released` so many seconds after it was placed."""

    second: float
    visit_id: str
    customer: str | None
    lines: list[tuple[Product, int]]
    fate: Fate
    shipped: float
    released: float
    reason: float


def _order(telling: Telling, order: Order) -> None:
    """An order's whole life: paid or declined, cancelled or shipped, sometimes returned and refunded."""
    order_id, correlation = telling.ids.take(), telling.ids.take()
    total = _money(sum(product.cents * quantity for product, quantity in order.lines))
    items = ", ".join(
        f'{{"product_id": "{product.id}", "sku": "{product.sku}", "name": "{product.name}", "quantity": {quantity}, '
        f'"unit_price": {_money(product.cents)}}}'
        for product, quantity in order.lines
    )
    pieces = ", ".join(f'{{"product_id": "{product.id}", "quantity": {quantity}}}' for product, quantity in order.lines)
    told_customer = f'"{order.customer}"' if order.customer else "null"
    id_and = f'{{"order_id": "{order_id}", '
    stock_of_lines = f'{id_and}"lines": [{pieces}]}}'

    def tell(later: float, source: str, name: str, payload: str) -> None:
        telling.tell(order.second + later, source, name, correlation, payload)

    placed = f'"lines": [{items}], "total": {total}, "customer_id": {told_customer}, "visit_id": "{order.visit_id}"}}'
    tell(0, "storefront", "OrderPlaced", id_and + placed)
    tell(0, "storefront", "InventoryReserved", stock_of_lines)
    if order.fate is Fate.DECLINED:
        reason = "card_declined" if order.reason < 0.7 else "insufficient_funds"
        tell(TO_PAY, "orders", "OrderPaymentFailed", f'{id_and}"reason": "{reason}", "amount": {total}}}')
        tell(order.released, "orders", "InventoryReleased", stock_of_lines)
        return
    reference = telling.ids.take_digits()[:20]
    paid = f'{id_and}"payment_reference": "pay_{reference}", "amount": {total}}}'
    tell(TO_PAY, "orders", "PaymentProcessed", paid)
    refund = f'{id_and}"refund_reference": "ref_{reference}", "amount": {total}}}'
    if order.fate is Fate.CANCELLED:
        tell(order.released, "orders", "OrderCancelled", f'{id_and}"reason": "changed my mind"}}')
        tell(order.released, "orders", "InventoryReleased", stock_of_lines)
        tell(order.released + 5, "orders", "PaymentRefunded", refund)
        return
    tell(order.shipped, "orders", "OrderShipped", f'{id_and}"tracking_code": "RP{reference[:12].upper()}"}}')
    if order.fate is Fate.RETURNED:
        reason = "does not fit" if order.reason < 0.5 else "broken"
        tell(order.released, "orders", "OrderReturned", f'{id_and}"reason": "{reason}"}}')
        tell(order.released, "orders", "InventoryReleased", stock_of_lines)
        tell(order.released + 3600, "orders", "PaymentRefunded", refund)
