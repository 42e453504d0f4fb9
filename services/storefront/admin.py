"""The desk of people who work here: what they may do, for API and pages alike."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from retail import fulfilment, order_desk
from retail.catalog import drop_cached, drop_drawing, drop_lists
from retail.catalog_admin import ProductContent, StaffProduct, create_product, edit_product, read_for_staff
from retail.errors import CacheUnavailableError
from retail.observability import logger
from retail.order_desk import StaffOrder
from retail.stock_adjustments import StockAdjustment, adjust
from storefront.customers import CurrentStaff
from storefront.relay import OutboxRelay
from storefront.resources import Resources


class Desk:
    """One request of a member of staff. What is written is announced, and shown to customers at once."""

    def __init__(self, resources: Resources, relay: OutboxRelay, correlation_id: str, staff_id: UUID) -> None:
        self.resources = resources
        self._relay = relay
        self._correlation_id = correlation_id
        self._staff_id = staff_id

    def product(self, product_id: UUID) -> StaffProduct:
        """One product, sold or not; raises UnknownProductError."""
        with self.resources.writer.transaction() as connection:
            return read_for_staff(connection, product_id)

    def create(self, sku: str, content: ProductContent) -> StaffProduct:
        """A new product; raises SkuTakenError and InvalidProductError."""
        product = create_product(self.resources.writer, sku, content, correlation_id=self._correlation_id)
        self._changed(product.id, "product created")
        return product

    def edit(self, product_id: UUID, content: ProductContent, *, version: int) -> StaffProduct:
        """The product as wanted; raises VersionConflictError, UnknownProductError and InvalidProductError."""
        product = edit_product(
            self.resources.writer, product_id, content, version=version, correlation_id=self._correlation_id
        )
        self._changed(product_id, "product edited", sku=product.sku)
        return product

    def adjust_stock(self, product_id: UUID, adjustment_id: UUID, change: int, reason: str) -> StockAdjustment:
        """Correct the stock, once; raises as `stock_adjustments.adjust` does."""
        adjustment = adjust(
            self.resources.writer,
            product_id,
            change,
            adjustment_id=adjustment_id,
            reason=reason,
            adjusted_by=str(self._staff_id),
            correlation_id=self._correlation_id,
        )
        self._changed(product_id, "stock adjusted")
        return adjustment

    def ship(self, order_id: UUID, tracking_code: str) -> None:
        """The order has left the house; raises UnknownOrderError and IllegalTransitionError."""
        fulfilment.ship(
            self.resources.writer, order_id, tracking_code=tracking_code, correlation_id=self._correlation_id
        )
        self._relay.wake()
        logger.info("order shipped", order_id=str(order_id), staff_id=str(self._staff_id))

    def order(self, order_id: UUID) -> StaffOrder:
        """One order, wherever it stands; raises UnknownOrderError."""
        with self.resources.writer.transaction() as connection:
            return order_desk.read_for_staff(connection, order_id)

    def cancel(self, order_id: UUID, reason: str) -> None:
        """The order is given up before it leaves, and paid back; raises as `ship` does."""
        fulfilment.cancel(self.resources.writer, order_id, reason=reason, correlation_id=self._correlation_id)
        self._relay.wake()
        logger.info("order cancelled", order_id=str(order_id), staff_id=str(self._staff_id))

    def take_back(self, order_id: UUID, reason: str) -> None:
        """The order has come back, and is paid back; raises as `ship` does."""
        fulfilment.take_back(self.resources.writer, order_id, reason=reason, correlation_id=self._correlation_id)
        self._relay.wake()
        logger.info("order taken back", order_id=str(order_id), staff_id=str(self._staff_id))

    def _changed(self, product_id: UUID, what: str, *, sku: str | None = None) -> None:
        self._relay.wake()
        logger.info(what, product_id=str(product_id), staff_id=str(self._staff_id))
        try:
            drop_cached(self.resources.cache, [product_id])
            drop_lists(self.resources.cache)
            if sku is not None:
                drop_drawing(self.resources.cache, sku)
        except CacheUnavailableError:
            logger.warning("customers see the change once its event is handled", product_id=str(product_id))
        self.resources.page_copies.clear()


def desk(request: Request, staff: CurrentStaff) -> Desk:
    """The desk of this request; for staff only."""
    state = request.app.state
    return Desk(state.resources, state.relay, request.state.correlation_id, staff.customer_id)


CurrentDesk = Annotated[Desk, Depends(desk)]
