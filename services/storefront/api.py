"""The JSON API of carts and orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from storefront.customers import KnownCustomer
from storefront.problems import answers
from storefront.schemas import Cart, CheckoutRequest, OrderAnswer, QuantityRequest
from storefront.sessions import CurrentSession, KnownSession
from storefront.shopping import CurrentShopping

router = APIRouter(prefix="/api", responses=answers(422, 503))

ProductId = Annotated[UUID, Path(description="The id of a product")]
OrderId = Annotated[UUID, Path(description="The id of an order")]


@router.get("/cart", tags=["cart"])
def get_cart(session: KnownSession, shopping: CurrentShopping) -> Cart:
    """The cart of the session; empty, with a notice, while it cannot be read."""
    return shopping.cart(session)


@router.put("/cart/items/{product_id}", tags=["cart"], responses=answers(404))
def put_cart_item(
    product_id: ProductId, wanted: QuantityRequest, session: CurrentSession, shopping: CurrentShopping
) -> Cart:
    """Set how many pieces of a product the cart holds. The stock is checked at the checkout."""
    shopping.put_into_cart(session, product_id, wanted.quantity)
    return shopping.cart(session)


@router.delete("/cart/items/{product_id}", tags=["cart"])
def delete_cart_item(product_id: ProductId, session: KnownSession, shopping: CurrentShopping) -> Cart:
    """Take a product out of the cart; the same answer when it was not in it."""
    if session is not None:
        shopping.resources.carts.remove(session.key, product_id)
    return shopping.cart(session)


@router.post("/orders", tags=["orders"], status_code=201, responses=answers(404, 409))
def place_order(
    wanted: CheckoutRequest,
    session: CurrentSession,
    customer: KnownCustomer,
    shopping: CurrentShopping,
    response: Response,
) -> OrderAnswer:
    """Order what is in the cart: all of it, or nothing and the reason."""
    order = shopping.place_order(session, wanted, customer_id=customer.customer_id if customer else None)
    response.headers["Location"] = f"/api/orders/{order.id}"
    return OrderAnswer.of(order)


@router.get("/orders/{order_id}", tags=["orders"], responses=answers(404))
def get_order(
    order_id: OrderId, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> OrderAnswer:
    """An order, for the session that placed it and for its customer."""
    return OrderAnswer.of(shopping.order(session, order_id, customer))
