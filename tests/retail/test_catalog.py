"""The read-through catalog: what a hit costs, when it is forgotten, and what it does while somebody is away."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from redis import Redis

from retail import catalog as catalog_module
from retail import read_through
from retail.catalog import Catalog, drop_cached, drop_lists
from retail.database import Connection, Database
from retail.errors import UnknownCategoryError, UnknownProductError
from retail.product_lists import ProductQuery
from retail.read_through import ReadThrough
from tests.retail.shop import Shop

EVERYTHING = ProductQuery()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class CountingDatabase:
    """A database that counts what is asked of it, and takes its time when told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked = 0
        self.seconds = 0.0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.asked += 1
        time.sleep(self.seconds)
        with self._database.transaction() as connection:
            yield connection


@pytest.fixture
def source(shop: Shop) -> CountingDatabase:
    return CountingDatabase(shop.database)


@pytest.fixture
def catalog(source: CountingDatabase, cache: Redis) -> Catalog:
    """At noon, and settled: what it reads is kept longer than any test takes."""
    _settle(cache)
    return Catalog(source, cache, clock=lambda: NOON)


def _settle(cache: Redis) -> None:
    """The lists were dropped a minute ago, so that no reader may lag any more."""
    cache.set("catalog:generation", f"{time.time() - 60}-of-a-minute-ago")


def _names(catalog: Catalog, query: ProductQuery = EVERYTHING) -> list[str]:
    return [product.name for product in catalog.page(query).items]


def test_p7_a_hit_never_touches_the_database(shop: Shop, source: CountingDatabase, catalog: Catalog) -> None:
    mug = shop.add_product(category="kitchen")
    searched = ProductQuery(text="mug")

    def everything() -> list[object]:
        return [
            catalog.product(mug),
            catalog.find([mug]),
            catalog.page(EVERYTHING),
            catalog.page(searched),
            catalog.categories(),
            catalog.drawing(mug.hex),
        ]

    first, asked = everything(), source.asked
    shop.rows("UPDATE products SET name = 'Changed'")
    assert everything() == first
    assert source.asked == asked


def _seconds_kept(cache: Redis, catalog: Catalog, mug: UUID) -> tuple[int, int, int]:
    """How long a product, a search and a list of a category stay in the cache."""
    cache.flushall()
    _settle(cache)
    catalog.product(mug)
    catalog.page(ProductQuery(category="kitchen"))
    catalog.page(ProductQuery(text="mug"))
    seconds = {key: int(str(cache.ttl(key))) for key in cache.scan_iter("product*")}
    (product,) = (left for key, left in seconds.items() if str(key).startswith("product:"))
    search, listed = sorted(left for key, left in seconds.items() if str(key).startswith("products:"))
    return product, search, listed


def test_e4_products_are_kept_five_minutes_and_category_lists_an_hour(
    shop: Shop, cache: Redis, source: CountingDatabase
) -> None:
    catalog = Catalog(source, cache, clock=lambda: NOON)
    product, search, listed = _seconds_kept(cache, catalog, shop.add_product(category="kitchen"))
    assert 0.8 * 300 < product <= 300
    assert 0.8 * 300 < search <= 300
    assert 0.8 * 3600 < listed <= 3600


def test_e4_nothing_of_the_catalog_is_kept_beyond_midnight(shop: Shop, cache: Redis, source: CountingDatabase) -> None:
    catalog = Catalog(source, cache, clock=lambda: datetime(2026, 11, 20, 23, 58, 20, tzinfo=UTC))
    kept = _seconds_kept(cache, catalog, shop.add_product(category="kitchen"))
    assert all(50 < seconds <= 100 for seconds in kept), kept


def test_a_dropped_product_is_read_anew_alone_and_in_every_list(shop: Shop, cache: Redis, catalog: Catalog) -> None:
    mug = shop.add_product()
    catalog.product(mug), catalog.page(EVERYTHING)
    shop.rows("UPDATE products SET inventory_count = 4")
    drop_cached(cache, [mug])
    assert catalog.product(mug).available == 4
    assert [product.available for product in catalog.page(EVERYTHING).items] == [4]


def test_dropped_lists_show_what_is_new_at_once(shop: Shop, cache: Redis, catalog: Catalog) -> None:
    shop.add_product(name="Mug")
    assert (_names(catalog), catalog.categories()) == (["Mug"], [])
    shop.add_product(name="Bowl", category="table")
    assert _names(catalog) == ["Mug"]
    drop_lists(cache)
    assert _names(catalog) == ["Bowl", "Mug"]
    assert [(category.slug, category.products) for category in catalog.categories()] == [("table", 1)]


def test_a_forgotten_generation_brings_no_old_list_back(shop: Shop, cache: Redis, catalog: Catalog) -> None:
    shop.add_product(name="Mug")
    _names(catalog)
    shop.rows("UPDATE products SET active = false")
    cache.delete("catalog:generation")
    assert _names(catalog) == []


def test_a_load_that_began_before_a_change_never_outlives_it(
    shop: Shop, cache: Redis, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug, read = shop.add_product(price="12.50"), catalog_module.read_products

    def overtaken(connection: Connection, product_ids: object) -> list[catalog_module.Product]:
        products = read(connection, [mug])
        drop_cached(cache, [mug])  # somebody else commits a change and drops, while these are on their way to the cache
        return products

    with monkeypatch.context() as patch:
        patch.setattr(catalog_module, "read_products", overtaken)
        catalog.product(mug)
        catalog.find([mug])
    shop.rows("UPDATE products SET price = 1")
    assert str(catalog.product(mug).price.amount) == "1.00"


def test_what_is_read_while_the_reader_may_lag_is_kept_for_moments_only(
    shop: Shop, cache: Redis, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_through, "SETTLING_SECONDS", 60)  # a moment that does not pass while a machine is busy
    mug = shop.add_product()
    drop_cached(cache, [mug])
    catalog.product(mug)
    assert 0 < int(str(cache.ttl(f"product:2:{mug}"))) <= 60


def test_of_many_that_miss_at_once_one_asks_the_database(
    shop: Shop, source: CountingDatabase, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment in ("SECONDS_TO_WAIT_FOR_ANOTHER", "LOADING_SECONDS"):
        monkeypatch.setattr(read_through, moment, 60)
    mug = shop.add_product()
    source.seconds = 0.1
    with ThreadPoolExecutor(20) as readers:
        products = list(readers.map(lambda _: catalog.product(mug), range(20)))
    assert len({product.id for product in products}) == 1
    assert source.asked == 1


def test_a_loader_that_died_stops_nobody(shop: Shop, cache: Redis, catalog: Catalog) -> None:
    mug = shop.add_product()
    cache.set(f"product:2:{mug}", "loading:by-one-that-is-gone", ex=5)
    assert catalog.product(mug).name == "Mug"
    assert [product.name for product in catalog.find([mug]).values()] == ["Mug"]


def test_a_failed_load_is_raised_and_the_next_one_tries_again(cache: Redis) -> None:
    def fail() -> str:
        raise ConnectionError("away")

    kept = ReadThrough(cache)
    with pytest.raises(ConnectionError):
        kept.get("key", fail, seconds=60)
    assert kept.get("key", lambda: "found", seconds=60) == "found"


def test_without_a_cache_the_catalog_reads_the_database(shop: Shop, absent_cache: Redis) -> None:
    mug, catalog = shop.add_product(category="kitchen"), Catalog(shop.database, absent_cache)
    assert catalog.product(mug).name == _names(catalog)[0] == catalog.find([mug])[mug].name == "Mug"
    assert catalog.category("kitchen").products == 1
    assert catalog.drawing(mug.hex) is not None


def test_many_products_are_found_with_one_question_and_in_the_order_asked_for(
    shop: Shop, source: CountingDatabase, catalog: Catalog
) -> None:
    products = [shop.add_product() for _ in range(5)]
    catalog.product(products[2])
    asked = source.asked
    assert list(catalog.find([*reversed(products), uuid4()])) == products[::-1]
    assert source.asked == asked + 1
    assert catalog.find([]) == {}


def test_what_is_not_sold_any_more_is_nowhere(shop: Shop, catalog: Catalog) -> None:
    mug = shop.add_product(category="kitchen")
    shop.rows("UPDATE products SET active = false")
    with pytest.raises(UnknownProductError, match="There is no product"):
        catalog.product(mug)
    with pytest.raises(UnknownProductError):
        shop.order({mug: 1})
    assert (catalog.find([mug]), _names(catalog), catalog.category("kitchen").products) == ({}, [], 0)


def test_unknown_products_and_categories_are_named(shop: Shop, catalog: Catalog) -> None:
    with pytest.raises(UnknownProductError, match="There is no product"):
        catalog.product(uuid4())
    with pytest.raises(UnknownCategoryError, match="There is no category 'boats'"):
        catalog.category("boats")
    assert catalog.drawing("NO-SKU") is None
