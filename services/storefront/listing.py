"""What an address says about a list of products, and the addresses that a list says."""

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from retail.product_lists import LARGEST_PAGE, LONGEST_SEARCH, PAGE, ProductQuery, Sort

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _filled_in(value: Any) -> Any:
    """A form without a script sends its empty fields as well."""
    return None if value == "" else value


Text = Annotated[
    str, Query(max_length=LONGEST_SEARCH, description="Words; the last may be unfinished", examples=["walnut"])
]
Slug = Annotated[
    Annotated[str, Field(max_length=100, pattern=SLUG)] | None,
    BeforeValidator(_filled_in),
    Query(description="The slug of a category", examples=["kitchen"]),
]
Price = Annotated[
    Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)] | None,
    BeforeValidator(_filled_in),
    Query(description="In the currency of the shop", examples=["25.00"]),
]
InStock = Annotated[bool, Query(description="Only what can be had at once")]
Featured = Annotated[bool, Query(description="Only what stands in the window")]
Order = Annotated[Sort, Query(description="`relevance` is by name where nothing is searched for")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Products on a page")]
After = Annotated[
    Annotated[str, Field(max_length=2000)] | None,
    BeforeValidator(_filled_in),
    Query(alias="cursor", description="Of the answer before, as it came"),
]


def listed(
    category: Slug = None,
    min_price: Price = None,
    max_price: Price = None,
    in_stock: InStock = False,
    featured: Featured = False,
    sort: Order = Sort.NAME,
    limit: Limit = PAGE,
) -> ProductQuery:
    """A list to browse."""
    return ProductQuery(
        category=category,
        min_price=min_price,
        max_price=max_price,
        in_stock=in_stock,
        featured=featured,
        sort=sort,
        limit=limit,
    )


def searched(
    q: Text = "",
    category: Slug = None,
    min_price: Price = None,
    max_price: Price = None,
    in_stock: InStock = False,
    sort: Order = Sort.RELEVANCE,
    limit: Limit = PAGE,
) -> ProductQuery:
    """A list to search."""
    browsed = listed(category, min_price, max_price, in_stock, False, sort, limit)
    return ProductQuery(**browsed.model_dump() | {"text": q})


Listed = Annotated[ProductQuery, Depends(listed)]
Searched = Annotated[ProductQuery, Depends(searched)]


def address(path: str, query: ProductQuery, *, cursor: str | None = None) -> str:
    """Where the list is found; leaves out what goes without saying."""
    given = query.model_dump(mode="json", exclude_defaults=True)
    parts = {"q": given.pop("text", None), **given, "cursor": cursor}
    if query.text and query.sort == Sort.NAME:
        parts["sort"] = Sort.NAME.value
    if query.text and query.sort == Sort.RELEVANCE:
        parts.pop("sort", None)
    written = urlencode({name: _written(value) for name, value in parts.items() if value is not None})
    return f"{path}?{written}" if written else path


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
