"""Carts, and the read-through catalog."""

import socket
from uuid import uuid4

import pytest
from redis import Redis

from retail.cache import connect_cache
from retail.cart import CART_SECONDS, Carts
from retail.catalog import PRODUCT_SECONDS, Catalog, drop_cached
from retail.errors import CacheUnavailableError, UnknownProductError
from tests.retail.shop import Shop


@pytest.fixture
def cache(cache_url: str) -> Redis:
    return connect_cache(cache_url.removeprefix("redis://"), scheme="redis")


@pytest.fixture
def absent_cache() -> Redis:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return connect_cache(f"127.0.0.1:{taken.getsockname()[1]}", scheme="redis")


def test_a_cart_keeps_quantities_for_its_session_only_and_expires(cache: Redis) -> None:
    carts, mug, lamp = Carts(cache), uuid4(), uuid4()
    carts.put("one", mug, 2)
    carts.put("one", lamp, 1)
    carts.put("one", mug, 3)
    carts.remove("one", lamp)
    carts.remove("one", lamp)
    assert carts.quantities("one") == {mug: 3}
    assert carts.quantities("two") == {}
    assert 0 < int(str(cache.ttl("cart:one"))) <= CART_SECONDS
    carts.clear("one")
    assert carts.quantities("one") == {}


@pytest.mark.parametrize("quantity", [-1, 0, 100])
def test_a_quantity_outside_the_bounds_is_refused(cache: Redis, quantity: int) -> None:
    with pytest.raises(ValueError, match="choose 1 to 99"):
        Carts(cache).put("one", uuid4(), quantity)


def test_without_a_cache_carts_say_so_with_words_for_the_customer(absent_cache: Redis) -> None:
    with pytest.raises(CacheUnavailableError, match="Nothing is lost"):
        Carts(absent_cache).quantities("one")


def test_a_hit_never_touches_the_database(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(), Catalog(shop.database, cache)
    assert (catalog.product(mug), catalog.products()) == (catalog.product(mug), catalog.products())
    shop.rows("UPDATE products SET name = 'Changed'")
    assert catalog.product(mug).name == catalog.products()[0].name == "Mug"
    assert 0 < int(str(cache.ttl(f"product:1:{mug}"))) <= PRODUCT_SECONDS


def test_a_dropped_product_is_read_anew_alone_and_in_the_list(shop: Shop, cache: Redis) -> None:
    mug, catalog = shop.add_product(), Catalog(shop.database, cache)
    catalog.product(mug), catalog.products()
    shop.rows("UPDATE products SET inventory_count = 4")
    drop_cached(cache, [mug])
    assert catalog.product(mug).available == catalog.products()[0].available == 4


def test_without_a_cache_the_catalog_reads_the_database(shop: Shop, absent_cache: Redis) -> None:
    mug, catalog = shop.add_product(), Catalog(shop.database, absent_cache)
    assert catalog.product(mug).name == catalog.products()[0].name == "Mug"


def test_an_unknown_product_is_named(shop: Shop, cache: Redis) -> None:
    with pytest.raises(UnknownProductError, match="There is no product"):
        Catalog(shop.database, cache).product(uuid4())
