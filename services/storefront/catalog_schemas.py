"""What the API says about the catalog."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from retail.catalog import Category, Product

_MUG: JsonDict = {
    "id": "e8db0b46-50f6-5b2c-9a0b-4d0cf15a5e0d",
    "sku": "MUG-STONE-350",
    "name": "Stoneware mug",
    "description": "Thrown by hand and glazed in sea-salt white.",
    "price": {"amount": "18.00", "currency": "USD"},
    "available": 64,
    "categories": ["kitchen", "table"],
    "attributes": {"capacity": "350 ml", "material": "Stoneware"},
}
_KITCHEN: JsonDict = {
    "slug": "kitchen",
    "name": "Kitchen",
    "description": "Tools that do one thing well.",
    "cover_sku": "KETTLE-POUR-900",
    "products": 22,
}
_AFTER = "WyI5ZjE0MmQ4YSIsIFsiTXVnIl1d"


class ProductList(BaseModel):
    """A page of a list of products."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [_MUG],
                    "total": 22,
                    "cursor": _AFTER,
                    "next": f"/api/products?category=kitchen&limit=1&cursor={_AFTER}",
                }
            ]
        }
    )

    items: list[Product]
    total: int = Field(description="Products in the whole list")
    cursor: str | None = Field(description="Where the next page begins; null on the last one")
    next: str | None = Field(description="The address of the next page; null on the last one")


class Recommended(BaseModel):
    """Products that go with another one, best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_MUG]}]})

    items: list[Product]


class CategoryList(BaseModel):
    """All categories in the order of the shop."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_KITCHEN]}]})

    items: list[Category]
