"""The JSON API for people who work here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from retail.catalog_admin import ProductContent, StaffProduct
from retail.order_desk import StaffOrder
from retail.orders import OrderStatus
from retail.stock_adjustments import StockAdjustment
from storefront import admin_lists
from storefront.admin import CurrentDesk
from storefront.admin_lists import After, Standing, Text
from storefront.admin_schemas import (
    AdjustmentRequest,
    GivingUpRequest,
    NewProduct,
    OrderList,
    ProductEdit,
    ShipmentRequest,
    StaffProductList,
)
from storefront.problems import answers
from storefront.sessions import documented

router = APIRouter(prefix="/api/admin", tags=["staff"], dependencies=documented, responses=answers(401, 403, 422, 503))

ProductId = Annotated[UUID, Path(description="The id of a product")]
OrderId = Annotated[UUID, Path(description="The id of an order")]


@router.get("/products")
def list_products(desk: CurrentDesk, q: Text = "", after: After = "") -> StaffProductList:
    """All products by name, those that are not sold as well."""
    return admin_lists.list_products(desk.resources.writer, q, after)


@router.post("/products", status_code=201, responses=answers(409))
def create_product(wanted: NewProduct, desk: CurrentDesk, response: Response) -> StaffProduct:
    """Add a product. Its stock is none until it is adjusted."""
    product = desk.create(wanted.sku, _content(wanted))
    response.headers["Location"] = f"/api/admin/products/{product.id}"
    return product


@router.get("/products/{product_id}", responses=answers(404))
def get_product(product_id: ProductId, desk: CurrentDesk) -> StaffProduct:
    """One product as staff see it, with the version that an edit has to name."""
    return desk.product(product_id)


@router.put("/products/{product_id}", responses=answers(404, 409))
def edit_product(product_id: ProductId, wanted: ProductEdit, desk: CurrentDesk) -> StaffProduct:
    """Make a product what it should be. Whoever decided on an older version is told what has changed since."""
    return desk.edit(product_id, _content(wanted), version=wanted.version)


@router.post("/products/{product_id}/stock-adjustments", status_code=201, responses=answers(404, 409))
def adjust_stock(product_id: ProductId, wanted: AdjustmentRequest, desk: CurrentDesk) -> StockAdjustment:
    """Correct the stock by so many pieces. The same id again changes nothing and is answered as the first time."""
    return desk.adjust_stock(product_id, wanted.id, wanted.change, wanted.reason)


@router.get("/orders")
def list_orders(desk: CurrentDesk, status: Standing = OrderStatus.PROCESSING, after: After = "") -> OrderList:
    """Orders by where they stand; if nothing is said those that wait to be sent.

    PENDING, PAID and PROCESSING come longest waiting first, the others newest first.
    """
    return admin_lists.list_orders(desk.resources.writer, status, after)


@router.post("/orders/{order_id}/shipment", status_code=204, responses=answers(404, 409))
def ship_order(order_id: OrderId, wanted: ShipmentRequest, desk: CurrentDesk) -> None:
    """The order has left the house: its customer sees so, with the tracking code, on the page of the order."""
    desk.ship(order_id, wanted.tracking_code)


@router.get("/orders/{order_id}", responses=answers(404))
def get_order(order_id: OrderId, desk: CurrentDesk) -> StaffOrder:
    """One order, wherever it stands; where it goes is said, and nothing else about who placed it."""
    return desk.order(order_id)


@router.post("/orders/{order_id}/cancellation", status_code=204, responses=answers(404, 409))
def cancel_order(order_id: OrderId, wanted: GivingUpRequest, desk: CurrentDesk) -> None:
    """Give up an order that has not left the house: its pieces are free again, and what was paid goes back."""
    desk.cancel(order_id, wanted.reason)


@router.post("/orders/{order_id}/return", status_code=204, responses=answers(404, 409))
def take_order_back(order_id: OrderId, wanted: GivingUpRequest, desk: CurrentDesk) -> None:
    """The parcel has come back: its pieces are in stock again, and the money goes back."""
    desk.take_back(order_id, wanted.reason)


def _content(wanted: ProductContent) -> ProductContent:
    return ProductContent(**{name: getattr(wanted, name) for name in ProductContent.model_fields})
