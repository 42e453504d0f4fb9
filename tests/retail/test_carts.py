"""Carts."""

from uuid import uuid4

import pytest
from redis import Redis

from retail.cart import CART_SECONDS, Carts
from retail.errors import CacheUnavailableError


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
