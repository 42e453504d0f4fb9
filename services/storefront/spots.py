"""The spots of a page: the two places where pages that are otherwise the same differ from visitor to visitor.

A shared page is rendered with marks in their place, and the marks are replaced on the way out for whoever asks.
"""

import re
import secrets
from functools import cached_property, lru_cache

import psycopg
from fastapi import Request
from markupsafe import Markup

from retail.observability import describe, logger
from storefront.carts import pieces_in_copy
from storefront.discovery import DiscoveryIncompleteError
from storefront.sessions import FORM_FIELD, Session, known_session_at_once

_SECRET = secrets.token_hex(16)  # nobody can write a mark into the description of a product
FORM_TOKEN_MARK = Markup(f"<!--{_SECRET} form token-->")  # noqa: S704 our own
PIECES_MARK = Markup(f"<!--{_SECRET} pieces-->")  # noqa: S704 our own
_MARKS = re.compile(f"<!--{_SECRET} (form token|pieces)-->".encode())


def form_token(session: Session | None) -> Markup:
    """The hidden field that says a form is ours; empty for whom we do not know yet, who has nothing to lose."""
    if session is None:
        return Markup("")
    return Markup(f'<input type="hidden" name="{FORM_FIELD}" value="{session.form_token}">')  # noqa: S704 a number


def pieces_in_cart(pieces: int) -> Markup:
    """What stands beside the word Cart; nothing beside an empty one."""
    if not pieces:
        return Markup("")
    return Markup(f' <span class="pieces">{pieces:d}<span class="unseen"> pieces</span></span>')  # noqa: S704 a number


class SharedBody:
    """A rendered page with its marks."""

    def __init__(self, rendered: bytes) -> None:
        self._parts = _MARKS.split(rendered)

    @cached_property
    def for_strangers(self) -> bytes:
        """The page with nothing in its spots."""
        return b"".join(self._parts[::2])

    async def for_visitor(self, request: Request) -> bytes:
        """The page for whoever sent this request: its cookies say everything, so neither cache nor database is asked.

        While the keys of the cookies cannot be read, everybody is a stranger.
        """
        if not request.cookies:
            return self.for_strangers
        try:
            session = await known_session_at_once(request)
        except (psycopg.OperationalError, DiscoveryIncompleteError) as error:  # the page is worth more than its spots
            logger.warning("a visitor is taken for a stranger", error=describe(error))
            return self.for_strangers
        if session is None:
            return self.for_strangers
        spots = _spots_of(session, pieces_in_copy(request, session))
        return b"".join(spots[part] if number % 2 else part for number, part in enumerate(self._parts))


@lru_cache(maxsize=5_000)
def _spots_of(session: Session, pieces: int) -> dict[bytes, bytes]:
    return {b"form token": form_token(session).encode(), b"pieces": pieces_in_cart(pieces).encode()}
