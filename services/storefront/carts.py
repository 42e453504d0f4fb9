"""The carts as one request sees them: kept in the cache, with a copy in a cookie for when the cache is away.

As long as the cache answers it is right, and the copy is only written. When it does not answer, or knows nothing any
more, the copy takes its place; what changed meanwhile goes into the cache with the first request that finds it again.
The copy is sealed for its session, so it is what we wrote there or it is nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from retail.cart import CART_SECONDS, LARGEST_CART, LARGEST_QUANTITY, Carts
from retail.errors import CacheUnavailableError, CartFullError
from storefront.cookies import set_cookie
from storefront.sessions import Session, read_sealed_cookie, set_sealed_cookie

COOKIE = "cart"
_PIECE = 17  # bytes of a product: its id, and how many

Quantities = dict[UUID, int]


@dataclass(frozen=True)
class Copy:
    """What the cookie holds; `ahead` of the cache when that was away at the last change."""

    quantities: Quantities
    ahead: bool = False


class RequestCarts:
    """Never a reason for an error page. `is_uncertain` once a cart is empty for want of cache and copy."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.is_uncertain = False

    @property
    def _carts(self) -> Carts:
        carts: Carts = self._request.app.state.resources.carts
        return carts

    def quantities(self, session: Session) -> Quantities:
        """How many pieces of which products are in the cart."""
        try:
            return self._catch_up(session)
        except CacheUnavailableError:
            copy = self._copy_of(session)
            self.is_uncertain = not copy.quantities and not copy.ahead
            return copy.quantities

    def put(self, session: Session, product_id: UUID, quantity: int) -> None:
        """Set the quantity of one product; raises CartFullError when it is one product too many."""
        present = self._with_room_for(session, product_id)
        self._change(
            session, present | {product_id: quantity}, lambda: self._carts.put(session.key, product_id, quantity)
        )

    def add(self, session: Session, product_id: UUID, quantity: int) -> int:
        """Put more pieces of one product in, up to the most that fits; returns how many there are then.

        Asked for at once by several, each adds its own. Raises CartFullError as `put` does.
        """
        present = self._with_room_for(session, product_id)
        wanted = min(present.get(product_id, 0) + quantity, LARGEST_QUANTITY)
        try:
            wanted = self._carts.add(session.key, product_id, quantity)
        except CacheUnavailableError:
            self._keep(session, Copy(present | {product_id: wanted}, ahead=True))
        else:
            self._keep(session, Copy(present | {product_id: wanted}))
        return wanted

    def remove(self, session: Session, product_id: UUID) -> None:
        """Take one product out; without effect when it is not in the cart."""
        left = {other: quantity for other, quantity in self.quantities(session).items() if other != product_id}
        self._change(session, left, lambda: self._carts.remove(session.key, product_id))

    def clear(self, session: Session) -> None:
        """Forget the cart."""
        self._change(session, {}, lambda: self._carts.clear(session.key))

    def move(self, before: Session, now: Session) -> None:
        """Take the cart along into another session, beside what is in that one's."""
        present = self.quantities(before)
        self._change(now, present, lambda: self._carts.move(before.key, now.key))

    def _with_room_for(self, session: Session, product_id: UUID) -> Quantities:
        present = self.quantities(session)
        if len(present.keys() | {product_id}) > LARGEST_CART:
            raise CartFullError(LARGEST_CART)
        return present

    def _change(self, session: Session, wanted: Quantities, in_cache: Callable[[], None]) -> None:
        try:
            in_cache()
        except CacheUnavailableError:
            self._keep(session, Copy(wanted, ahead=True))
        else:
            self._keep(session, Copy(wanted))

    def _catch_up(self, session: Session) -> Quantities:
        """What the cache holds, after it has learned what only the copy knows."""
        copy = self._copy_of(session)
        present = None if copy.ahead else self._carts.find(session.key)
        if present is not None:
            return present
        if copy.ahead:
            self._carts.clear(session.key)
        for product_id, quantity in copy.quantities.items():
            self._carts.put(session.key, product_id, quantity)
        if copy.ahead:
            self._keep(session, Copy(copy.quantities))
        return copy.quantities

    def _copy_of(self, session: Session) -> Copy:
        kept: dict[str, Copy] = self._kept
        if session.id not in kept:
            kept[session.id] = _unpack(read_sealed_cookie(self._request, session, COOKIE))
        return kept[session.id]

    @property
    def _kept(self) -> dict[str, Copy]:
        if not hasattr(self._request.state, "cart_copies"):
            self._request.state.cart_copies = {}
        kept: dict[str, Copy] = self._request.state.cart_copies
        return kept

    def _keep(self, session: Session, copy: Copy) -> None:
        self._kept[session.id] = copy
        if copy.quantities or copy.ahead:
            set_sealed_cookie(self._request, session, COOKIE, _pack(copy), seconds=CART_SECONDS)
        else:
            set_cookie(self._request, COOKIE, "", seconds=0)


def pieces_in_copy(request: Request, session: Session) -> int:
    """How many pieces the cookie tells of, without a look into the cache."""
    return sum(_unpack(read_sealed_cookie(request, session, COOKIE)).quantities.values())


def _pack(copy: Copy) -> bytes:
    pieces = (product_id.bytes + bytes([quantity]) for product_id, quantity in copy.quantities.items())
    return bytes([copy.ahead]) + b"".join(pieces)


def _unpack(packed: bytes) -> Copy:
    """What was packed, as far as a cart may hold it: another release may have had other bounds."""
    ahead, pieces = packed[:1], packed[1:]
    if len(pieces) % _PIECE or len(pieces) > LARGEST_CART * _PIECE:
        return Copy({})
    each = (pieces[at : at + _PIECE] for at in range(0, len(pieces), _PIECE))
    quantities = {UUID(bytes=piece[:-1]): piece[-1] for piece in each}
    if not all(1 <= quantity <= LARGEST_QUANTITY for quantity in quantities.values()):
        return Copy({})
    return Copy(quantities, ahead == b"\x01")


async def carts(request: Request) -> RequestCarts:
    """The carts of this request; without a thread of its own, for nothing is asked yet."""
    return RequestCarts(request)


CurrentCarts = Annotated[RequestCarts, Depends(carts)]
