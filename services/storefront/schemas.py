"""What the API takes and gives."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field

from retail.cart import LARGEST_QUANTITY
from retail.catalog import Product
from retail.delivery import KEPT_DAYS, DeliveryAddress
from retail.events import OrderLine
from retail.money import Money
from retail.orders import Order, OrderStatus
from storefront.deliveries import WantedDelivery

CartQuantity = Annotated[int, Field(ge=1, le=LARGEST_QUANTITY)]


class QuantityRequest(BaseModel):
    """How many pieces the cart shall hold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    quantity: CartQuantity


class Contact(BaseModel):
    """Who orders, where it goes, and what it is expected to cost."""

    model_config = ConfigDict(extra="forbid")

    email: EmailStr = Field(max_length=254, repr=False)
    delivery: WantedDelivery = Field(repr=False)
    expected_total: Money | None = Field(
        default=None, description="What the cart came to when it was looked at: another total by now is refused"
    )


class CheckoutRequest(Contact):
    """Who orders, where it goes, and the token that the payment gateway gave for the card; never a card number."""

    payment_token: str = Field(pattern=r"^(tok_[a-z0-9_]{1,60}|pm_[A-Za-z0-9_]{1,60})$", repr=False)


class CartItem(BaseModel):
    """Some pieces of one product, at today's price."""

    product_id: UUID
    sku: str
    name: str
    quantity: int
    available: int
    unit_price: Money
    line_total: Money

    @classmethod
    def of(cls, product: Product, quantity: int) -> Self:
        """So many pieces of this product."""
        return cls(
            product_id=product.id,
            sku=product.sku,
            name=product.name,
            quantity=quantity,
            available=product.available,
            unit_price=product.price,
            line_total=product.price.times(quantity),
        )


class Cart(BaseModel):
    """A cart; a notice says when it cannot be shown as it is."""

    items: list[CartItem] = []
    pieces: int = 0
    total: Money | None = None
    notice: str | None = None


class OrderStep(BaseModel):
    """A status the order has reached, and when."""

    status: OrderStatus
    occurred_at: datetime


class OrderAnswer(BaseModel):
    """An order as its customer sees it."""

    id: UUID
    status: OrderStatus
    total: Money
    placed_at: datetime
    items: list[OrderLine]
    steps: list[OrderStep]
    tracking_code: str | None = Field(description="Once it is sent, where the carrier gave one")
    delivery: DeliveryAddress | None = Field(
        repr=False, description=f"Null once it is erased, {KEPT_DAYS} days after the end"
    )

    @classmethod
    def of(cls, order: Order) -> Self:
        """The answer for this order."""
        return cls(
            id=order.id,
            status=order.status,
            total=order.total,
            placed_at=order.placed_at,
            items=list(order.lines),
            steps=[OrderStep(status=step.status, occurred_at=step.occurred_at) for step in order.steps],
            tracking_code=order.tracking_code,
            delivery=order.delivery,
        )
