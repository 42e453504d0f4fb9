"""Pages that are the same for everybody but for their spots, kept in this process for a moment after they were made.

A copy is answered without a thread, the cache or a template. It is at most two seconds old, so what a visitor sees of
price and stock may be that much behind; cart and checkout tell what is.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.spots import SharedBody

FRESH_SECONDS = 1.0  # from then on one request makes the page anew, while the others still get the copy …
KEPT_SECONDS = 2.0  # … until then
MOST_COPIES = 500  # of some 8 KB


@dataclass
class Copy:
    """A page, when it was made, and by which route; `renewing` once somebody makes the next one."""

    headers: list[tuple[bytes, bytes]]
    body: SharedBody
    route: Any  # Starlette's, for the name of the span
    made_at: float
    renewing: bool = False


class PageCopies:
    """The copies of this process by path, the least used of too many forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = clock
        self._copies: OrderedDict[str, Copy] = OrderedDict()
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often something was dropped: what was begun before the last time is not to be kept."""
        return self._changes

    def find(self, path: str) -> Copy | None:
        """The copy to answer with; None for whoever is to make the page."""
        copy = self._copies.get(path)
        if copy is None:
            return None
        age = self.now() - copy.made_at
        if age >= KEPT_SECONDS or (age >= FRESH_SECONDS and not copy.renewing):
            copy.renewing = True
            return None
        self._copies.move_to_end(path)
        return copy

    def keep(self, path: str, copy: Copy, *, changes: int) -> None:
        """Keep an answer, unless something changed since it was begun."""
        if changes != self._changes:
            return
        self._copies[path] = copy
        self._copies.move_to_end(path)
        if len(self._copies) > MOST_COPIES:
            self._copies.popitem(last=False)

    def drop(self, paths: Iterable[str]) -> None:
        """These pages have changed."""
        self._changes += 1
        for path in paths:
            self._copies.pop(path, None)

    def clear(self) -> None:
        """Any page may have changed."""
        self._changes += 1
        self._copies.clear()


class CopiedPages:
    """Answers with the copies, and keeps every `shared_page` that is answered; each visitor gets it with their spots.

    Innermost, so that limits, headers, log and trace are those of any other request.
    """

    def __init__(self, application: ASGIApp, copies: PageCopies) -> None:
        self._application = application
        self._copies = copies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._application(scope, receive, send)
            return
        copy = None if scope["query_string"] else self._copies.find(scope["path"])
        if copy is None:
            await self._application(scope, receive, self._keeping(scope, send))
            return
        scope["route"] = copy.route
        await _answer(scope, copy, send)

    def _keeping(self, scope: Scope, send: Send) -> Send:
        began, changes = self._copies.now(), self._copies.changes
        headers: list[tuple[bytes, bytes]] = []

        async def send_and_keep(message: Message) -> None:
            kind = message["type"] if scope["state"].get("is_shared") else "any other"
            if kind == "http.response.start":  # a shared page is a 200, and its body one message
                headers.extend(header for header in message["headers"] if header[0] != b"content-length")
            elif kind == "http.response.body":
                copy = Copy(headers, SharedBody(message["body"]), scope.get("route"), began)
                if not scope["query_string"]:
                    self._copies.keep(scope["path"], copy, changes=changes)
                await _answer(scope, copy, send)
            else:
                await send(message)

        return send_and_keep


async def _answer(scope: Scope, copy: Copy, send: Send) -> None:
    body = await copy.body.for_visitor(Request(scope))
    headers = [*copy.headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
