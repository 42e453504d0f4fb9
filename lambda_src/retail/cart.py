"""Carts: kept in the cache, forgotten after a week, never a reason for an error page."""

from typing import TYPE_CHECKING
from uuid import UUID

from retail.cache import cache_errors

if TYPE_CHECKING:
    from redis import Redis

CART_SECONDS = 7 * 24 * 3600
LARGEST_QUANTITY = 99
LARGEST_CART = 100  # products
_EMPTIED = "emptied"  # a field that tells a cart somebody emptied from one that the cache lost


class Carts:
    """The carts of all sessions, by session key; every method raises CacheUnavailableError while the cache is away."""

    def __init__(self, cache: "Redis") -> None:
        self._cache = cache

    def quantities(self, session_key: str) -> dict[UUID, int]:
        """How many pieces of which products are in the cart."""
        return self.find(session_key) or {}

    def find(self, session_key: str) -> dict[UUID, int] | None:
        """The same, or None when the cache knows nothing of this cart: there never was one, or it is lost."""
        with cache_errors():
            content = self._cache.hgetall(_key(session_key))
        if not content:
            return None
        return {UUID(str(name)): int(quantity) for name, quantity in content.items() if name != _EMPTIED}

    def put(self, session_key: str, product_id: UUID, quantity: int) -> None:
        """Set the quantity of one product; raises ValueError outside of 1 to 99."""
        if not 1 <= quantity <= LARGEST_QUANTITY:
            raise ValueError(f"a quantity of {quantity}: choose 1 to {LARGEST_QUANTITY}")
        with cache_errors():
            self._cache.hset(_key(session_key), str(product_id), str(quantity))
            self._cache.expire(_key(session_key), CART_SECONDS)

    def remove(self, session_key: str, product_id: UUID) -> None:
        """Take one product out; without effect when it is not in the cart."""
        with cache_errors():
            self._cache.hdel(_key(session_key), str(product_id))

    def move(self, from_key: str, to_key: str) -> None:
        """Put what one session's cart holds into another's, up to the most that fits; the first one is empty then."""
        present = self.quantities(to_key)
        for product_id, quantity in self.quantities(from_key).items():
            self.put(to_key, product_id, min(present.get(product_id, 0) + quantity, LARGEST_QUANTITY))
        self.clear(from_key)

    def clear(self, session_key: str) -> None:
        """Forget what is in the cart."""
        with cache_errors():
            self._cache.delete(_key(session_key))
            self._cache.hset(_key(session_key), _EMPTIED, "1")
            self._cache.expire(_key(session_key), CART_SECONDS)


def _key(session_key: str) -> str:
    return f"cart:{session_key}"
