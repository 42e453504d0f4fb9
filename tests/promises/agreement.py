"""Whether everybody tells the same of an order, once nobody is at it any more: shop, bank, topic, lake and shelf."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from tests.promises.failpoints import Point
from tests.promises.house import House

PIECES, PRICE_IN_CENTS = 2, 2500  # of a product with ten pieces


@dataclass(frozen=True)
class End:
    """How an order may end; `payment` is what the shop's books say of it, if they know of one."""

    status: str
    payment: str | None
    pieces_gone: int
    told: frozenset[str]
    archived: frozenset[str]


PAID = frozenset({"OrderPlaced", "PaymentProcessed"})
PACKED = End("PROCESSING", "CAPTURED", PIECES, frozenset({"OrderPlaced"}), PAID)
SENT = End("SHIPPED", "CAPTURED", PIECES, frozenset({"OrderPlaced", "OrderShipped"}), PAID | {"OrderShipped"})
DECLINED = End("PAYMENT_FAILED", "DECLINED", 0, *[frozenset({"OrderPlaced", "OrderPaymentFailed"})] * 2)
CANCELLED = End("CANCELLED", None, 0, *[frozenset({"OrderPlaced", "OrderCancelled"})] * 2)
REPAID = End(
    *("REFUNDED", "REFUNDED", 0),
    told=frozenset({"OrderPlaced", "OrderCancelled", "PaymentRefunded"}),
    archived=PAID | {"OrderCancelled", "PaymentRefunded"},
)
RETURNED = End(
    *("REFUNDED", "REFUNDED", 0),
    told=frozenset({"OrderPlaced", "OrderShipped", "PaymentRefunded"}),
    archived=PAID | {"OrderShipped", "OrderReturned", "PaymentRefunded"},
)
MOVED = {
    None: (0, 0),
    "DECLINED": (0, 0),
    "CAPTURED": (1, 0),
    "REFUNDED": (1, 1),
}  # how often money was taken, returned


def assert_agreed(house: House, product: UUID, end: End, killed_at: Point | None) -> None:
    """There is one order of the product, and it has come to this end in everybody's books."""
    (order_id,) = house.orders_of(product)
    assert house.shop.status(order_id) == end.status, killed_at
    _assert_money(house, order_id, end, killed_at)
    assert house.shop.stock(product) == (10 - end.pieces_gone, 0), killed_at
    told = Counter(
        row["event_type"] for row in house.world.rows("SELECT event_type FROM world.told WHERE order_id = %s", order_id)
    )
    assert set(told) == end.told, killed_at
    twice = told.total() - len(told)
    assert twice <= (1 if killed_at else 0), f"{told}: twice only when killed between telling and noting it"
    archived = house.world.rows(
        "SELECT line->>'detail_type' AS kind FROM world.lake WHERE line #>> '{payload,order_id}' = %s", str(order_id)
    )
    assert sorted(row["kind"] for row in archived) == sorted(end.archived), killed_at


def _assert_money(house: House, order_id: UUID, end: End, killed_at: Point | None) -> None:
    charges, refunds = MOVED[end.payment]
    taken = [one for one in house.bank.intents.values() if one["metadata"]["order_id"] == str(order_id)]
    charged = {one["id"]: one["amount"] for one in taken if one["status"] == "succeeded"}
    assert list(charged.values()) == [PRICE_IN_CENTS] * charges, killed_at
    returned = [one["amount"] for one in house.bank.refunds.values() if one["payment_intent"] in charged]
    assert returned == [PRICE_IN_CENTS] * refunds, killed_at
    booked = house.shop.rows("SELECT status FROM payments WHERE order_id = %s", order_id)
    assert [row["status"] for row in booked] == ([end.payment] if end.payment else []), killed_at
