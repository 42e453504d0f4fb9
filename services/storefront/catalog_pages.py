"""The pages one browses: home, category, search, product."""

from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Path, Request, Response

from retail.catalog import Category, Product
from retail.observability import describe, logger
from retail.product_lists import PAGE, ProductQuery, Sort
from storefront.listing import SLUG, After, Listed, Searched, address
from storefront.page import shared_page
from storefront.shopping import CurrentShopping, Shopping

router = APIRouter(include_in_schema=False)

CARDS = 8
IN_THE_WINDOW = ProductQuery(featured=True, limit=CARDS, sort=Sort.NEWEST)
JUST_IN = ProductQuery(sort=Sort.NEWEST, limit=2 * CARDS)
ORDERS = {
    Sort.RELEVANCE: "Best match",
    Sort.NAME: "Name",
    Sort.PRICE: "Price, lowest first",
    Sort.PRICE_DESCENDING: "Price, highest first",
    Sort.NEWEST: "Newest",
}


@router.get("/")
def home(request: Request, shopping: CurrentShopping) -> Response:
    """What stands in the window, the shelves, and what is new."""
    catalog = shopping.resources.catalog
    window, new = catalog.page(IN_THE_WINDOW).items, catalog.page(JUST_IN)
    shown = window or new.items[:CARDS]
    rest = [product for product in new.items if product not in shown][:CARDS]
    return shared_page(request, "home.html", shopping, window=shown, new=rest, total=new.total)


@router.get("/products")
def everything(request: Request, query: Listed, shopping: CurrentShopping, cursor: After = None) -> Response:
    """All products, page by page."""
    return _list(request, shopping, query, cursor, title="Everything we have")


@router.get("/categories/{slug}")
def category_page(
    slug: Annotated[str, Path(max_length=100, pattern=SLUG)],
    request: Request,
    query: Listed,
    shopping: CurrentShopping,
    cursor: After = None,
) -> Response:
    """The products of one category, page by page."""
    category = shopping.resources.catalog.category(slug)
    asked = query.model_copy(update={"category": slug})
    return _list(request, shopping, asked, cursor, title=category.name, category=category)


@router.get("/search")
def search_page(request: Request, query: Searched, shopping: CurrentShopping, cursor: After = None) -> Response:
    """What the words find; without words, everything."""
    title = f"“{query.text}”" if query.text else "Everything we have"
    return _list(request, shopping, query, cursor, title=title)


@router.get("/products/{product_id:uuid}")
def product_page(product_id: UUID, request: Request, shopping: CurrentShopping) -> Response:
    """One product."""
    product = shopping.resources.catalog.product(product_id)
    shelves = {category.slug: category for category in shopping.resources.catalog.categories()}
    category = next((shelves[slug] for slug in product.categories if slug in shelves), None)
    return shared_page(
        request, "product.html", shopping, product=product, category=category, related=_beside(shopping, product)
    )


def _beside(shopping: Shopping, product: Product) -> list[Product]:
    """What goes with it; nothing where only the database could tell and it is away: the page has the rest."""
    try:
        return shopping.recommendations(product)
    except psycopg.OperationalError as error:
        logger.warning("the database recommends nothing", error=describe(error))
        return []


def _list(
    request: Request,
    shopping: Shopping,
    query: ProductQuery,
    cursor: str | None,
    *,
    title: str,
    category: Category | None = None,
) -> Response:
    query = query.model_copy(update={"limit": min(query.limit, PAGE)})  # more would be more than 100 KB
    found = shopping.resources.catalog.page(query, cursor)
    path = request.url.path
    shown = query.model_copy(update={"category": None}) if category else query  # the path says it already
    return shared_page(
        request,
        "list.html",
        shopping,
        title=title,
        category=category,
        found=found,
        asked=query,
        path=path,
        orders={sort: name for sort, name in ORDERS.items() if query.text or sort != Sort.RELEVANCE},
        first=address(path, shown) if cursor else None,
        next=address(path, shown, cursor=found.next) if found.next else None,
    )
