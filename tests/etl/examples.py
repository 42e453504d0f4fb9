"""One sound event of each type."""

from __future__ import annotations

from retail import events
from retail.events import ReservedLine
from tests.etl.lakes import EUROS, ORDER, PRODUCT, placed

ORDER_EVENTS = (
    placed(customer_id=PRODUCT, visit_id="v1"),
    events.OrderPaymentFailed(order_id=ORDER, reason="declined"),
    events.OrderShipped(order_id=ORDER, tracking_code="T1"),
    events.OrderCancelled(order_id=ORDER, reason="changed my mind"),
    events.OrderReturned(order_id=ORDER, reason="broken"),
    events.PaymentProcessed(order_id=ORDER, payment_reference="P1", amount=EUROS),
    events.PaymentRefunded(order_id=ORDER, refund_reference="R1", amount=EUROS),
    events.ProductAddedToCart(visit_id="v1", product_id=PRODUCT, quantity=3),
)
RESERVED = (ReservedLine(product_id=PRODUCT, quantity=2),)
STOCK_EVENTS = (
    events.InventoryReserved(order_id=ORDER, lines=RESERVED),
    events.InventoryReleased(order_id=ORDER, lines=RESERVED),
    events.InventoryAdjusted(product_id=PRODUCT, change=-3, inventory_count=7, reason="lost"),
)
CHANGED = events.ProductChanged(
    product_id=PRODUCT, sku="MUG-1", name="Mug", price=EUROS, categories=("kitchen", "gifts"), inventory_count=9
)
EVERY_EVENT = (*ORDER_EVENTS, *STOCK_EVENTS, CHANGED)
