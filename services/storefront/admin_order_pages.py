"""The desk's pages of orders: what has to be sent, what stands elsewhere, and what to do with any of them."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from retail.errors import IllegalTransitionError, RetailError
from retail.orders import OrderStatus, Transition
from storefront import admin_lists
from storefront.admin import CurrentDesk, Desk
from storefront.admin_forms import Typed, errors, text_of
from storefront.admin_lists import After, Standing
from storefront.admin_schemas import GivingUpRequest, ShipmentRequest
from storefront.page import see_other
from storefront.rendering import render

router = APIRouter(prefix="/admin", include_in_schema=False)

PLACES = {
    OrderStatus.PROCESSING: "To be sent",
    OrderStatus.PENDING: "Waiting for their payment",
    OrderStatus.PAID: "Just paid",
    OrderStatus.SHIPPED: "Sent",
    OrderStatus.PAYMENT_FAILED: "Declined",
    OrderStatus.CANCELLED: "Cancelled",
    OrderStatus.RETURNED: "Came back",
    OrderStatus.REFUNDED: "Paid back",
}


@router.get("/orders")
def orders(
    request: Request,
    desk: CurrentDesk,
    status: Standing = OrderStatus.PROCESSING,
    after: After = "",
    sent: UUID | None = None,
) -> Response:
    """Orders by where they stand: first of all what has to be sent, longest waiting first."""
    return _orders(request, desk, standing=status, after=after, sent=sent)


@router.post("/orders/{order_id:uuid}/shipment")
def ship_order(order_id: UUID, request: Request, desk: CurrentDesk, form: Typed) -> Response:
    """The order has left the house."""
    typed = {"tracking_code": text_of(form, "tracking_code").strip()}
    try:
        desk.ship(order_id, ShipmentRequest.model_validate(typed).tracking_code)
    except ValidationError as error:
        return _orders(request, desk, status=422, wrong={order_id: errors(error)["tracking_code"]}, typed=typed)
    except RetailError as refusal:
        return _orders(request, desk, status=409, refusal=str(refusal))
    return see_other(f"/admin/orders?sent={order_id}")


@router.get("/orders/find")
def find_order(request: Request, desk: CurrentDesk, number: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The order with the number that a customer names."""
    try:
        order_id = UUID(number.strip())
    except ValueError:
        refusal = "An order number has 32 digits and letters: the customer finds it on the page of the order."
        return _orders(request, desk, status=422, refusal=refusal, number=number)
    return see_other(f"/admin/orders/{order_id}")


@router.get("/orders/{order_id:uuid}")
def order(order_id: UUID, request: Request, desk: CurrentDesk) -> Response:
    """One order, wherever it stands."""
    return _order(request, desk, order_id)


@router.post("/orders/{order_id:uuid}/cancellation")
def cancel_order(order_id: UUID, request: Request, desk: CurrentDesk, form: Typed) -> Response:
    """The order is given up before it leaves."""
    return _give_up(request, desk, order_id, desk.cancel, form)


@router.post("/orders/{order_id:uuid}/return")
def take_order_back(order_id: UUID, request: Request, desk: CurrentDesk, form: Typed) -> Response:
    """The parcel has come back."""
    return _give_up(request, desk, order_id, desk.take_back, form)


def _give_up(
    request: Request, desk: Desk, order_id: UUID, give_up: Callable[[UUID, str], None], form: FormData
) -> Response:
    reason = text_of(form, "reason")
    try:
        give_up(order_id, GivingUpRequest(reason=reason).reason)
    except ValidationError as error:
        return _order(request, desk, order_id, status=422, wrong=errors(error), reason=reason)
    except IllegalTransitionError as refusal:
        return _order(request, desk, order_id, status=409, refusal=str(refusal))
    return see_other(f"/admin/orders/{order_id}")


def _order(request: Request, desk: Desk, order_id: UUID, *, status: int = 200, **context: Any) -> Response:
    found = desk.order(order_id)
    may = {"cancel": found.status in Transition.CANCEL.starts, "take_back": found.status in Transition.RETURN.starts}
    return render(request, "admin_order.html", {"order": found, **may, "wrong": {}, **context}, status=status)


def _orders(
    request: Request,
    desk: Desk,
    *,
    standing: OrderStatus = OrderStatus.PROCESSING,
    after: str = "",
    status: int = 200,
    **context: Any,
) -> Response:
    found = admin_lists.list_orders(desk.resources.writer, standing, after)
    shown = {"found": found, "standing": standing, "places": PLACES, "first": not after, **context}
    return render(request, "admin_orders.html", shown, status=status)
