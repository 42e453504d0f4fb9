"""One day of the history: everything that begins on it, with what follows on later days."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import numpy as np

from ops.history.ids import Ids
from ops.history.mishaps import Way
from ops.history.story import (
    BUYS,
    CANCELLED,
    DECLINED,
    RETURNED,
    SIGNED_IN,
    VISITS_A_DAY,
    Product,
    Story,
    busyness,
    catalog,
    customers,
    seconds_of_day,
)

DAY = 86400.0
CURRENCY = "EUR"
Objects = Mapping[tuple[str, date], bytes]


class Telling:
    """Collects what arrives by prefix and day, not after the last day. `count` is of records."""

    def __init__(self, story: Story, day: date) -> None:
        self.story, self.day = story, day
        self.chance = story.random(day)
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
        for arrived, record in self._way.arrivals(line, day) if self._way else ((day, line),):
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
    for place, product in enumerate(catalog(telling.story)[0]):
        payload = _product(product, product.cents, 500)
        telling.tell(place * 0.1, "catalog", "ProductChanged", telling.ids.take(), payload)


def _restock(telling: Telling) -> None:
    """Each product is counted once a week; now and then one gets another price."""
    chance = telling.chance
    for place, product in enumerate(catalog(telling.story)[0]):
        if place % 7 != telling.day.weekday():
            continue
        second, count = 6 * 3600 + place, int(chance.integers(100, 900))
        payload = (
            f'{{"product_id": "{product.id}", "change": {int(chance.integers(20, 300))}, "inventory_count": {count}, '
            f'"reason": "{"delivery" if chance.random() < 0.9 else "stocktaking"}"}}'
        )
        telling.tell(second, "catalog", "InventoryAdjusted", telling.ids.take(), payload)
        if chance.random() < 0.1:
            cents = max(99, int(product.cents * chance.uniform(0.8, 1.2)))
            changed = _product(product, cents, count)
            telling.tell(second + 60, "catalog", "ProductChanged", telling.ids.take(), changed)


def _visits(telling: Telling) -> None:
    story, chance = telling.story, telling.chance
    products, wanted = catalog(story)
    known = customers(story)
    number = int(chance.poisson(story.customers * VISITS_A_DAY * busyness(telling.day)))
    seconds = seconds_of_day(chance, number)
    sizes = 1 + chance.poisson(0.8, number)
    choices = chance.choice(len(products), size=int(sizes.sum()), p=wanted)
    quantities = 1 + (chance.random(len(choices)) < 0.15)
    who = chance.integers(0, len(known), number)
    dice = chance.random((number, 5))
    delays = np.clip(chance.lognormal(0.0, 0.6, number), 0.2, 9)  # days until the parcel leaves; one in eight is late
    begin = 0
    for visit in range(number):
        end = begin + int(sizes[visit])
        basket: dict[int, int] = {}
        visit_id, second = telling.ids.take_digits(), float(seconds[visit])
        for place, quantity in zip(choices[begin:end].tolist(), quantities[begin:end].tolist(), strict=True):
            basket[place] = basket.get(place, 0) + quantity
            payload = f'{{"visit_id": "{visit_id}", "product_id": "{products[place].id}", "quantity": {quantity}}}'
            telling.tell(second, "storefront", "ProductAddedToCart", telling.ids.take(), payload)
            second += 40
        begin = end
        if dice[visit, 0] < BUYS:
            lines = [(products[place], quantity) for place, quantity in basket.items()]
            customer = known[who[visit]] if dice[visit, 1] < SIGNED_IN else None
            _order(telling, second + 90, visit_id, customer, lines, dice[visit], float(delays[visit]))


def _order(
    telling: Telling,
    second: float,
    visit_id: str,
    customer: str | None,
    lines: list[tuple[Product, int]],
    dice: np.ndarray[tuple[int], np.dtype[np.float64]],
    delay: float,
) -> None:
    """An order's whole life: paid or declined, cancelled or shipped, sometimes returned and refunded."""
    order, correlation = telling.ids.take(), telling.ids.take()
    total = _money(sum(product.cents * quantity for product, quantity in lines))
    items = ", ".join(
        f'{{"product_id": "{product.id}", "sku": "{product.sku}", "name": "{product.name}", "quantity": {quantity}, '
        f'"unit_price": {_money(product.cents)}}}'
        for product, quantity in lines
    )
    pieces = ", ".join(f'{{"product_id": "{product.id}", "quantity": {quantity}}}' for product, quantity in lines)
    told_customer = f'"{customer}"' if customer else "null"
    id_and = f'{{"order_id": "{order}", '
    stock = f'{id_and}"lines": [{pieces}]}}'

    def tell(later: float, source: str, name: str, payload: str) -> None:
        telling.tell(second + later, source, name, correlation, payload)

    placed = f'"lines": [{items}], "total": {total}, "customer_id": {told_customer}, "visit_id": "{visit_id}"}}'
    tell(0, "storefront", "OrderPlaced", id_and + placed)
    tell(0, "storefront", "InventoryReserved", stock)
    if dice[2] < DECLINED:
        reason = "card_declined" if dice[3] < 0.7 else "insufficient_funds"
        tell(3, "orders", "OrderPaymentFailed", f'{id_and}"reason": "{reason}", "amount": {total}}}')
        tell(3, "orders", "InventoryReleased", stock)
        return
    reference = telling.ids.take_digits()[:20]
    tell(3, "orders", "PaymentProcessed", f'{id_and}"payment_reference": "pay_{reference}", "amount": {total}}}')
    refund = f'{id_and}"refund_reference": "ref_{reference}", "amount": {total}}}'
    if dice[3] < CANCELLED:
        later = 0.2 * delay * DAY
        tell(later, "orders", "OrderCancelled", f'{id_and}"reason": "changed my mind"}}')
        tell(later, "orders", "InventoryReleased", stock)
        tell(later + 5, "orders", "PaymentRefunded", refund)
        return
    shipped = delay * DAY
    tell(shipped, "orders", "OrderShipped", f'{id_and}"tracking_code": "RP{reference[:12].upper()}"}}')
    if dice[4] < RETURNED:
        returned = shipped + (4 + dice[4] / RETURNED * 14) * DAY
        reason = "does not fit" if dice[1] < 0.5 else "broken"
        tell(returned, "orders", "OrderReturned", f'{id_and}"reason": "{reason}"}}')
        tell(returned, "orders", "InventoryReleased", stock)
        tell(returned + 3600, "orders", "PaymentRefunded", refund)
