"""What every candidate reads, checks and answers: an order of two lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

PAGE = "<!doctype html><title>A mug</title>" + "<p>Stoneware, dishwasher-safe, 350 ml.</p>" * 200


class Line(BaseModel):
    """Some pieces of a product."""

    product_id: UUID
    quantity: Annotated[int, Field(ge=1, le=99)]
    unit_price: Decimal


class Order(BaseModel):
    """What a customer wants."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    lines: list[Line]


class Confirmation(BaseModel):
    """What the customer is told."""

    email: str
    total: Decimal


def confirm(order: Order) -> Confirmation:
    """The sum of the lines."""
    return Confirmation(
        email=order.email, total=sum((line.unit_price * line.quantity for line in order.lines), Decimal())
    )
