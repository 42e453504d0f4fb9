"""Carts: kept in the cache, forgotten after a week, never a reason for an error page."""

from typing import TYPE_CHECKING
from uuid import UUID

from retail.cache import cache_errors

if TYPE_CHECKING:
    from redis import Redis

CART_SECONDS = 7 * 24 * 3600
LARGEST_QUANTITY = 99
LARGEST_CART = 24  # products, as on a page of a list: their pictures have to fit into a page of 100 KB
_EMPTIED = "emptied"  # a field that tells a cart somebody emptied from one that the cache lost

# Each change is one command on one key: nobody comes in between, and no cart is left behind that never expires.
_PUT = "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return redis.call('EXPIRE', KEYS[1], ARGV[3])"
_ADD = """
local quantity = math.min(tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) + ARGV[2], tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], ARGV[1], quantity)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return quantity
"""
_REMOVE = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 and redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], ARGV[2], 1)
    redis.call('EXPIRE', KEYS[1], ARGV[3])
end
"""
_CLEAR = (
    "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], ARGV[1], 1) return redis.call('EXPIRE', KEYS[1], ARGV[2])"
)


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
            self._cache.eval(_PUT, 1, _key(session_key), str(product_id), str(quantity), str(CART_SECONDS))

    def add(self, session_key: str, product_id: UUID, quantity: int) -> int:
        """Put more pieces of one product in, up to the most that fits; returns how many there are then."""
        with cache_errors():
            values = (str(product_id), str(quantity), str(LARGEST_QUANTITY), str(CART_SECONDS))
            return int(str(self._cache.eval(_ADD, 1, _key(session_key), *values)))

    def remove(self, session_key: str, product_id: UUID) -> None:
        """Take one product out; without effect when it is not in the cart."""
        with cache_errors():
            self._cache.eval(_REMOVE, 1, _key(session_key), str(product_id), _EMPTIED, str(CART_SECONDS))

    def move(self, from_key: str, to_key: str) -> None:
        """Put what one session's cart holds into another's, up to the most that fits; the first one is empty then."""
        for product_id, quantity in self.quantities(from_key).items():
            self.add(to_key, product_id, quantity)
        self.clear(from_key)

    def clear(self, session_key: str) -> None:
        """Forget what is in the cart."""
        with cache_errors():
            self._cache.eval(_CLEAR, 1, _key(session_key), _EMPTIED, str(CART_SECONDS))


def _key(session_key: str) -> str:
    return f"cart:{session_key}"
