"""The pages of cart, checkout and order: working without a script, changing things by form and redirect only."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from retail.errors import EmptyCartError, IdempotencyKeyReusedError, InsufficientStockError, UnknownProductError
from retail.orders import OrderStatus
from retail.payments import APPROVED_TOKEN, DECLINED_TOKEN
from storefront.customers import KnownCustomer
from storefront.page import page, see_other
from storefront.problems import field_problems
from storefront.schemas import CartQuantity, CheckoutRequest, OrderAnswer
from storefront.sessions import CurrentSession, KnownSession, Session
from storefront.shopping import CurrentShopping, Shopping

router = APIRouter(include_in_schema=False)

FormQuantity = Annotated[CartQuantity, Form()]
FormText = Annotated[str, Form()]

PAYMENT_METHODS = (
    (APPROVED_TOKEN, "Test card that is accepted", "Visa ···· 4242"),
    (DECLINED_TOKEN, "Test card that is declined", "Visa ···· 0002"),
)
PATH_OF_AN_ORDER = (
    (OrderStatus.PENDING, "Confirmed", "We have your order."),
    (OrderStatus.PAID, "Paid", "The payment went through."),
    (OrderStatus.PROCESSING, "Being packed", "Our people are on it."),
    (OrderStatus.SHIPPED, "On its way", "The parcel has left our house."),
)


@router.get("/cart")
def cart_page(request: Request, session: KnownSession, shopping: CurrentShopping) -> Response:
    """The cart."""
    return page(request, "cart.html", shopping, session)


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


@router.get("/checkout")
def checkout_page(
    request: Request, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> Response:
    """The checkout form; an empty cart is shown as what it is."""
    cart = shopping.cart(session)
    if not cart.items:
        return see_other("/cart")
    return _checkout_form(request, shopping, session, email=customer.email if customer else "", errors={})


@router.post("/checkout")
def place_order(
    request: Request,
    session: CurrentSession,
    customer: KnownCustomer,
    shopping: CurrentShopping,
    email: FormText = "",
    payment_token: FormText = "",
    idempotency_key: FormText = "",
) -> Response:
    """Place the order and show it; else the form, or the cart, with what is in the way."""
    try:
        wanted = CheckoutRequest(email=email.strip(), payment_token=payment_token)
    except ValidationError as error:
        errors = {problem.location: problem.message for problem in field_problems(error.errors())}
        return _checkout_form(request, shopping, session, email=email, errors=errors, status=422)
    try:
        order = shopping.place_order(session, wanted, signed_in=customer, idempotency_key=idempotency_key[:200])
    except (EmptyCartError, IdempotencyKeyReusedError, InsufficientStockError, UnknownProductError) as refusal:
        return page(request, "cart.html", shopping, session, status=409, refusal=str(refusal))
    return see_other(f"/orders/{order.id}")


@router.get("/orders/{order_id:uuid}")
def order_page(
    order_id: UUID, request: Request, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> Response:
    """An order, for the session that placed it and for its customer; follows the status while it may change soon."""
    order = OrderAnswer.of(shopping.order(session, order_id, customer))
    reached = {step.status: step.occurred_at for step in order.steps}
    return page(request, "order.html", shopping, session, order=order, reached=reached, path=PATH_OF_AN_ORDER)


def _checkout_form(
    request: Request,
    shopping: Shopping,
    session: Session | None,
    *,
    email: str,
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    form = {
        "email": email,
        "errors": errors,
        "methods": PAYMENT_METHODS if shopping.resources.takes_payments else (),
        "idempotency_key": uuid4(),
    }
    return page(request, "checkout.html", shopping, session, status=status, **form)
