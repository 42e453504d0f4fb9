"""Lists of products: every filter, every order, every page, on the sample catalog."""

import base64
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from retail.catalog import Catalog, Product, drop_cached
from retail.errors import ForeignCursorError
from retail.product_lists import Cursor, ProductQuery, Sort
from retail.sample_catalog import insert_sample_catalog
from tests.retail.shop import Shop


@pytest.fixture
def catalog(shop: Shop, cache: Redis) -> Catalog:
    insert_sample_catalog(shop.conninfo)
    return Catalog(shop.database, cache)


def _all(catalog: Catalog, query: ProductQuery) -> list[Product]:
    products, cursor = [], None
    while True:
        page = catalog.page(query, cursor)
        assert len(page.items) <= query.limit
        products += page.items
        if page.next is None:
            assert len(products) == page.total
            return products
        cursor = page.next


@pytest.mark.parametrize("text", ["", "wool or oak"])
def test_pages_together_are_the_whole_list_once_and_in_order(catalog: Catalog, text: str) -> None:
    for sort in Sort:
        query = ProductQuery(sort=sort, limit=13, text=text)
        products = _all(catalog, query)
        assert len(products) == len({product.id for product in products}) > 13
        assert products[:100] == catalog.page(query.model_copy(update={"limit": 100})).items
        if sort in (Sort.PRICE, Sort.PRICE_DESCENDING):
            by_price = sorted(products, key=lambda product: (product.price.amount, product.id))
            assert products == (by_price if sort == Sort.PRICE else by_price[::-1])


def test_filters_work_together(catalog: Catalog) -> None:
    query = ProductQuery(category="kitchen", min_price=Decimal(20), max_price=Decimal(60), in_stock=True, limit=100)
    products = _all(catalog, query)
    assert products
    for product in products:
        assert "kitchen" in product.categories
        assert 20 <= product.price.amount <= 60
        assert product.available > 0
    assert len(_all(catalog, query.model_copy(update={"in_stock": False}))) == len(products) + 1


def test_a_product_that_sells_out_leaves_the_list_of_what_is_in_stock_at_once(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(stock=1), Catalog(shop.database, cache)
    assert len(catalog.page(ProductQuery(in_stock=True)).items) == 1
    shop.order({mug: 1})
    drop_cached(cache, [mug])
    assert catalog.page(ProductQuery(in_stock=True)).items == []


FOUND_FIRST = {
    "kettle": "Pour-over kettle",
    "KETTLES": "Pour-over kettle",
    "kettl": "Pour-over kettle",
    "pour-over": "Pour-over kettle",
    "walnut head": "Walnut headphones",
    "LAMP-DESK-ARC": "Arc desk lamp",
    "phones-walnut-1": "Walnut headphones",
    '"bird feeder"': "Bird feeder",
    "rye or kilim": "Kilim rug",
    "life ring": "Life ring",
}


def test_words_find_what_people_mean(catalog: Catalog) -> None:
    for text, first in FOUND_FIRST.items():
        assert catalog.page(ProductQuery(text=text, sort=Sort.RELEVANCE)).items[0].name == first
    for text in ("xyzzy", "the", "für"):
        assert catalog.page(ProductQuery(text=text)).total == 0


def test_a_minus_leaves_out(catalog: Catalog) -> None:
    everything = {product.name for product in catalog.page(ProductQuery(text="walnut")).items}
    rest = {product.name for product in catalog.page(ProductQuery(text="walnut -headphones")).items}
    assert everything - rest == {"Walnut headphones"}


def test_a_name_counts_more_than_a_description(catalog: Catalog) -> None:
    found = [product.name for product in catalog.page(ProductQuery(text="candle", sort=Sort.RELEVANCE)).items]
    assert {"Cedar candle", "Fig candle", "Sea-salt candle", "Candle lantern"} == set(found[:4])
    assert "Long bath box" in found[4:]


STRANGE_TEXTS = [
    "'", '"', "\\", "a' OR 1=1 --", "%_%", "&|!():*<->", "-", "--", '"unfinished', "mug -", "mug !", "_", "0x00",
    "a\x00b", "😀", "ß", "'; DROP TABLE products; --", "x" * 100, "or", "or or", "mug <-> board", "5", "%(text)s", "{}",
]  # fmt: skip


def test_any_text_is_a_search_and_none_an_error(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(), Catalog(shop.database, cache)
    for text in STRANGE_TEXTS:
        for sort in (Sort.RELEVANCE, Sort.NAME):
            assert catalog.page(ProductQuery(text=text, sort=sort)).total in (0, 1)
    assert catalog.product(mug).name == "Mug"


def test_queries_that_mean_the_same_share_an_entry() -> None:
    assert ProductQuery(text="  Blue  MUG ").digest == ProductQuery(text="blue mug").digest
    assert ProductQuery(min_price=Decimal("5")).digest == ProductQuery(min_price=Decimal("5.00")).digest
    assert ProductQuery(sort=Sort.RELEVANCE).digest == ProductQuery(sort=Sort.NAME).digest
    assert ProductQuery(category="kitchen").digest != ProductQuery(text="kitchen").digest


def test_a_search_is_never_longer_than_it_was_typed_and_finds_words_as_they_are_written(
    shop: Shop, cache: Redis
) -> None:
    for letter in ("ß", "\u0130", "\ufb03", "X"):
        assert len(ProductQuery(text=f"mug or {letter * 90}").text) == 97
    shop.add_product(name="Straßenkarte")
    assert Catalog(shop.database, cache).page(ProductQuery(text="STRAßENKARTE")).total == 1


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        (Sort.PRICE, ["1E+200000"]),
        (Sort.PRICE_DESCENDING, ["-1E+131073"]),
        (Sort.PRICE, ["1e-20000"]),
        (Sort.PRICE, ["NaN"]),
        (Sort.NAME, ["\ud800"]),
        (Sort.NAME, ["a\x00"]),
        (Sort.RELEVANCE, [-1e300, "a"]),
        (Sort.RELEVANCE, [-0.1, "\ud800"]),
    ],
)
def test_a_cursor_holds_what_a_column_can(shop: Shop, cache: Redis, sort: Sort, values: list[Any]) -> None:
    query = ProductQuery(text="mug", sort=sort)
    with pytest.raises(ForeignCursorError):
        Catalog(shop.database, cache).page(query, _cursor(query, *values, str(UUID(int=1))))


def test_a_rank_next_to_nothing_is_one(shop: Shop, cache: Redis) -> None:
    query = ProductQuery(text="mug", sort=Sort.RELEVANCE)
    assert Catalog(shop.database, cache).page(query, _cursor(query, -1e-300, "a", str(UUID(int=1)))).total == 0


def _cursor(query: ProductQuery, *values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([query.digest[:8], *values]).encode()).decode().rstrip("=")


def test_a_cursor_that_is_none_is_refused(shop: Shop, cache: Redis) -> None:
    catalog = Catalog(shop.database, cache)
    for cursor in ("", "x", "W10", "bnVsbA", "e30", "WyJ4Il0", "[" * 500, "é", "=" * 9, "a" * 999):
        with pytest.raises(ForeignCursorError, match="start from its first page"):
            catalog.page(ProductQuery(), cursor)


def test_a_cursor_continues_its_own_list_only(catalog: Catalog) -> None:
    cursor = catalog.page(ProductQuery(limit=2)).next
    assert cursor is not None
    for other in (ProductQuery(category="kitchen"), ProductQuery(sort=Sort.PRICE), ProductQuery(text="mug")):
        with pytest.raises(ForeignCursorError):
            catalog.page(other, cursor)
    assert Cursor.read_for(ProductQuery(limit=50), cursor).values[0]
