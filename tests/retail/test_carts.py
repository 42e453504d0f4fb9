"""Carts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import pytest
from redis import Redis

from retail.cart import CART_SECONDS, LARGEST_QUANTITY, Carts
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


def test_pieces_that_are_added_at_once_are_all_there_up_to_the_most_that_fits(cache: Redis) -> None:
    carts, mug = Carts(cache), uuid4()
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: carts.add("one", mug, 2), range(20))) == list(range(2, 42, 2))
    assert carts.quantities("one") == {mug: 40}
    assert 0 < int(str(cache.ttl("cart:one"))) <= CART_SECONDS
    assert [carts.add("one", mug, 60), carts.add("one", mug, 99)] == [LARGEST_QUANTITY, LARGEST_QUANTITY]


@pytest.mark.parametrize("change", ["put", "add", "remove", "clear"])
def test_a_process_that_dies_in_a_change_leaves_no_cart_that_never_expires(
    cache: Redis, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    carts, mug = Carts(cache), uuid4()
    if change == "remove":
        carts.put("one", mug, 2)
    calls: dict[str, Callable[[], object]] = {
        "put": lambda: carts.put("one", mug, 2),
        "add": lambda: carts.add("one", mug, 2),
        "remove": lambda: carts.remove("one", mug),
        "clear": lambda: carts.clear("one"),
    }
    answer: Callable[..., object] = cache.execute_command
    sent: list[str] = []

    def one_command_and_no_more(*command: str, **options: str) -> object:
        sent.append(command[0])
        if len(sent) > 1:
            raise KeyboardInterrupt
        return answer(*command, **options)

    with monkeypatch.context() as dying, suppress(KeyboardInterrupt):
        dying.setattr(cache, "execute_command", one_command_and_no_more)
        calls[change]()
    assert cache.exists("cart:one")
    assert 0 < int(str(cache.ttl("cart:one"))) <= CART_SECONDS
