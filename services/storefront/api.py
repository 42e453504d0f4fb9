"""The JSON API of carts and orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Response

from retail.idempotency import KEY
from storefront.customers import KnownCustomer
from storefront.problems import answers
from storefront.schemas import Cart, CheckoutRequest, OrderAnswer, QuantityRequest
from storefront.sessions import CurrentSession, KnownSession, documented
from storefront.shopping import CurrentShopping

router = APIRouter(prefix="/api", responses=answers(422, 429, 503))

ProductId = Annotated[UUID, Path(description="The id of a product")]
IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=f'^(?:{KEY}|"{KEY}")$',
        description="Chosen by the client, new for each order, the same for each attempt at it. Kept for 24 hours.",
    ),
]
OrderId = Annotated[UUID, Path(description="The id of an order")]


@router.get("/cart", tags=["cart"], dependencies=documented)
def get_cart(session: KnownSession, shopping: CurrentShopping) -> Cart:
    """The cart of the session; empty, with a notice, while it cannot be read."""
    return shopping.cart(session)


@router.put("/cart/items/{product_id}", tags=["cart"], dependencies=documented, responses=answers(404, 409))
def put_cart_item(
    product_id: ProductId, wanted: QuantityRequest, session: CurrentSession, shopping: CurrentShopping
) -> Cart:
    """Set how many pieces of a product the cart holds. The stock is checked at the checkout."""
    shopping.put_into_cart(session, product_id, wanted.quantity)
    return shopping.cart(session)


@router.delete("/cart/items/{product_id}", tags=["cart"], dependencies=documented)
def delete_cart_item(product_id: ProductId, session: KnownSession, shopping: CurrentShopping) -> Cart:
    """Take a product out of the cart; the same answer when it was not in it."""
    if session is not None:
        shopping.carts.remove(session, product_id)
    return shopping.cart(session)


@router.post("/orders", tags=["orders"], dependencies=documented, status_code=201, responses=answers(404, 409))
def place_order(
    wanted: CheckoutRequest,
    session: CurrentSession,
    customer: KnownCustomer,
    shopping: CurrentShopping,
    response: Response,
    idempotency_key: IdempotencyHeader = None,
) -> OrderAnswer:
    """Order what is in the cart: all of it, or nothing and the reason."""
    key = idempotency_key.strip('"') if idempotency_key else None
    order = shopping.place_order(
        session,
        email=wanted.email,
        payment_token=wanted.payment_token,
        delivery=wanted.delivery,
        agreed=wanted.expected_total,
        signed_in=customer,
        idempotency_key=key,
    )
    response.headers["Location"] = f"/api/orders/{order.id}"
    return OrderAnswer.of(order)


@router.get("/orders/{order_id}", tags=["orders"], dependencies=documented, responses=answers(404))
def get_order(
    order_id: OrderId, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> OrderAnswer:
    """An order, for the session that placed it and for its customer."""
    return OrderAnswer.of(shopping.order(session, order_id, customer))


@router.post("/orders/{order_id}/cancellation", tags=["orders"], dependencies=documented, responses=answers(404, 409))
def cancel_order(
    order_id: OrderId, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> OrderAnswer:
    """Give up an order that has not been sent: what was charged goes back. Asked again, the answer is the same."""
    return OrderAnswer.of(shopping.cancel_order(session, order_id, customer))
