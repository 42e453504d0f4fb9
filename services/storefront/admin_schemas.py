"""What staff send and are answered."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from retail.catalog_admin import Line, ProductContent, Sku, Slug, StaffProduct
from retail.category_admin import CategoryContent, StaffCategory
from retail.order_desk import ListedOrder
from retail.stock_adjustments import LARGEST_STOCK


def _not_nothing(change: int) -> int:
    if change == 0:
        raise ValueError("a change of nothing")
    return change


Change = Annotated[int, Field(ge=-LARGEST_STOCK, le=LARGEST_STOCK), AfterValidator(_not_nothing)]
Reason = Annotated[Line, Field(max_length=200, examples=["Counted"])]
TrackingCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{2,58}[A-Za-z0-9]$", examples=["HP 1234 5678"])]


class NewProduct(ProductContent):
    """A product that is not there yet; its stock comes with an adjustment."""

    sku: Sku


class ProductEdit(ProductContent):
    """A product as it should be, and the version that this was decided on."""

    version: int = Field(ge=1)


class AdjustmentRequest(BaseModel):
    """A correction of the stock; sent again with the same id it is the same correction."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    change: Change
    reason: Reason


class NewCategory(CategoryContent):
    """A category that is not there yet."""

    slug: Annotated[Slug, Field(examples=["kitchen"], description="Its address, which stays")]


class CategoryEdit(CategoryContent):
    """A category as it should be, and the version that this was decided on."""

    version: int = Field(ge=1)


class StaffCategoryList(BaseModel):
    """All categories in the order of the shop."""

    items: list[StaffCategory]


class ShipmentRequest(BaseModel):
    """The order has left the house."""

    model_config = ConfigDict(extra="forbid")

    tracking_code: TrackingCode


class GivingUpRequest(BaseModel):
    """Why an order is given up or was taken back; it is kept with the order and told to analytics."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class StaffProductList(BaseModel):
    """A page of all products, sold or not."""

    items: list[StaffProduct]
    next: str | None = Field(description="`after` of the next page; null on the last one")


class OrderList(BaseModel):
    """A page of the orders that stand somewhere."""

    items: list[ListedOrder]
    total: int = Field(description="Orders in the whole list")
    next: str | None = Field(description="`after` of the next page; null on the last one")
