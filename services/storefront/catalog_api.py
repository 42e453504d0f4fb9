"""The JSON API of the catalog: public, paged, and kept by whoever asked."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from retail.catalog import Product
from retail.product_lists import ProductQuery
from storefront.catalog_schemas import CategoryList, ProductList, Recommended
from storefront.conditional import public_json
from storefront.listing import After, Listed, Searched, address
from storefront.problems import answers
from storefront.shopping import CurrentShopping, Shopping

router = APIRouter(prefix="/api", tags=["catalog"], responses=answers(422, 503))

UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "What the client has is still right (If-None-Match)"}
}


@router.get("/products", response_model=ProductList, responses=UNCHANGED)
def list_products(request: Request, query: Listed, shopping: CurrentShopping, cursor: After = None) -> Response:
    """A page of the products, filtered and sorted. `next` and the `Link` header lead to the page after."""
    return _page(request, shopping, query, cursor)


@router.get("/products/{product_id}", response_model=Product, responses=UNCHANGED | answers(404))
def get_product(
    product_id: Annotated[UUID, Path(description="The id of a product")], request: Request, shopping: CurrentShopping
) -> Response:
    """One product."""
    return public_json(request, shopping.resources.catalog.product_json(product_id))


@router.get("/products/{product_id}/recommendations", responses=answers(404))
def get_recommendations(
    product_id: Annotated[UUID, Path(description="The id of a product")], shopping: CurrentShopping
) -> Recommended:
    """Up to four products that go with this one."""
    return Recommended(items=shopping.recommendations(shopping.resources.catalog.product(product_id)))


@router.get("/search", response_model=ProductList, responses=UNCHANGED)
def search_products(request: Request, query: Searched, shopping: CurrentShopping, cursor: After = None) -> Response:
    """A page of what the words find, best first: by name, category, attributes and description, in this order.

    Quotes keep words together, `or` gives a choice, a minus leaves out.
    """
    return _page(request, shopping, query, cursor)


@router.get("/categories", response_model=CategoryList, responses=UNCHANGED)
def list_categories(request: Request, shopping: CurrentShopping) -> Response:
    """All categories in the order of the shop."""
    return public_json(request, CategoryList(items=shopping.resources.catalog.categories()).model_dump_json())


def _page(request: Request, shopping: Shopping, query: ProductQuery, cursor: str | None) -> Response:
    page = shopping.resources.catalog.page(query, cursor)
    following = address(request.url.path, query, cursor=page.next) if page.next else None
    answer = ProductList(items=page.items, total=page.total, cursor=page.next, next=following)
    return public_json(request, answer.model_dump_json(), links=f'<{following}>; rel="next"' if following else None)
