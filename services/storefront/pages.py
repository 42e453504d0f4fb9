"""The pages of cart and order: working without a script, changing things by form and redirect only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from retail.customer_sessions import SignedIn
from retail.errors import IllegalTransitionError
from retail.orders import OrderStatus, Transition
from storefront.customers import KnownCustomer
from storefront.page import page, see_other
from storefront.schemas import CartQuantity, OrderAnswer
from storefront.sessions import CurrentSession, KnownSession, Session
from storefront.shopping import CurrentShopping, Shopping

router = APIRouter(include_in_schema=False)

FormQuantity = Annotated[CartQuantity, Form()]

PATH_OF_AN_ORDER = (
    (OrderStatus.PENDING, "Confirmed", "We have your order."),
    (OrderStatus.PAID, "Paid", "The payment went through."),
    (OrderStatus.PROCESSING, "Being packed", "Our people are on it."),
    (OrderStatus.SHIPPED, "On its way", "The parcel has left our house."),
)

# Each with what became of the money and the goods.
ENDS_OF_AN_ORDER = {
    OrderStatus.PAYMENT_FAILED: (
        "The payment was declined",
        "Nothing was charged, and the goods are back on the shelf. Please try again with another card.",
    ),
    OrderStatus.CANCELLED: (
        "Your order is cancelled",
        "The goods are back on the shelf. If anything was charged already, it goes back to your card.",
    ),
    OrderStatus.RETURNED: ("We have your parcel back", "Thank you for sending it. Your money goes back to your card."),
    OrderStatus.REFUNDED: (
        "Your money is on its way back",
        "We have returned it. Your bank takes some days, usually five to ten, to show it on your card.",
    ),
}
LEFT_OUT = "Something in that order is not sold any more, so we left it out."
TOO_LATE = "This order cannot be cancelled any more. Once you have it, you can send it back."


@router.get("/cart")
def cart_page(request: Request, session: KnownSession, shopping: CurrentShopping, incomplete: bool = False) -> Response:
    """The cart; `incomplete` when something of what was to be put back is not sold any more."""
    return page(request, "cart.html", shopping, session, refusal=LEFT_OUT if incomplete else None)


@router.post("/cart/items/{product_id:uuid}/add")
def add_item(product_id: UUID, quantity: FormQuantity, session: CurrentSession, shopping: CurrentShopping) -> Response:
    """Put more pieces into the cart."""
    shopping.add_to_cart(session, product_id, quantity)
    return see_other("/cart")


@router.post("/cart/items/{product_id:uuid}")
def change_item(
    product_id: UUID, quantity: FormQuantity, session: CurrentSession, shopping: CurrentShopping
) -> Response:
    """Set the quantity of a product in the cart."""
    shopping.put_into_cart(session, product_id, quantity)
    return see_other("/cart")


@router.post("/cart/items/{product_id:uuid}/remove")
def remove_item(product_id: UUID, session: CurrentSession, shopping: CurrentShopping) -> Response:
    """Take a product out of the cart."""
    shopping.carts.remove(session, product_id)
    return see_other("/cart")


@router.get("/orders/{order_id:uuid}")
def order_page(
    order_id: UUID, request: Request, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> Response:
    """An order, for the session that placed it and for its customer; follows the status while it may change soon."""
    return _order(request, session, customer, shopping, order_id)


@router.post("/orders/{order_id:uuid}/cancellation")
def cancel_order(
    order_id: UUID, request: Request, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> Response:
    """Give up an order that has not been sent; else the order with the reason why not."""
    try:
        shopping.cancel_order(session, order_id, customer)
    except IllegalTransitionError:
        return _order(request, session, customer, shopping, order_id, status=409, refusal=TOO_LATE)
    return see_other(f"/orders/{order_id}")


@router.post("/orders/{order_id:uuid}/cart")
def put_back_into_cart(
    order_id: UUID, session: CurrentSession, customer: KnownCustomer, shopping: CurrentShopping
) -> Response:
    """Put what an order was about into the cart once more: a card that was declined need not cost the choice."""
    complete = shopping.put_back_into_cart(session, shopping.order(session, order_id, customer))
    return see_other("/cart" if complete else "/cart?incomplete=true")


def _order(
    request: Request,
    session: Session | None,
    customer: SignedIn | None,
    shopping: Shopping,
    order_id: UUID,
    *,
    status: int = 200,
    refusal: str | None = None,
) -> Response:
    order = OrderAnswer.of(shopping.order(session, order_id, customer))
    shown = {
        "order": order,
        "reached": {step.status: step.occurred_at for step in order.steps},
        "path": PATH_OF_AN_ORDER,
        "end": ENDS_OF_AN_ORDER.get(order.status),
        "repeatable": order.status == OrderStatus.PAYMENT_FAILED,
        "cancellable": order.status in Transition.CANCEL.starts,
        "refusal": refusal,
    }
    return page(request, "order.html", shopping, session, status=status, **shown)
