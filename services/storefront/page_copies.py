"""Pages that are the same for every stranger, kept in this process for a moment after they were made.

A copy is answered without a thread, the cache or a template. It is at most two seconds old, so what a stranger sees of
price and stock may be that much behind; whoever has a cookie of ours sees the page made for them.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRESH_SECONDS = 1.0  # from then on one request makes the page anew, while the others still get the copy …
KEPT_SECONDS = 2.0  # … until then
MOST_COPIES = 500  # of some 8 KB


@dataclass
class Copy:
    """An answer, when it was made, and by which route; `renewing` once somebody makes the next one."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
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
    """Answers strangers from the copies, and keeps what an endpoint that is `same_for_strangers` answers them.

    Innermost, so that limits, headers, log and trace are those of any other request.
    """

    def __init__(self, application: ASGIApp, copies: PageCopies) -> None:
        self._application = application
        self._copies = copies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _is_strangers(scope):
            await self._application(scope, receive, send)
            return
        path: str = scope["path"]
        copy = self._copies.find(path)
        if copy is None:
            await self._application(scope, receive, self._keeping(scope, send))
            return
        scope["route"] = copy.route
        await send({"type": "http.response.start", "status": 200, "headers": copy.headers})
        await send({"type": "http.response.body", "body": copy.body})

    def _keeping(self, scope: Scope, send: Send) -> Send:
        began, changes = self._copies.now(), self._copies.changes
        headers: list[tuple[bytes, bytes]] | None = None

        async def send_and_keep(message: Message) -> None:
            nonlocal headers
            if message["type"] == "http.response.start" and message["status"] == 200 and _is_same_for_all(scope):
                headers = list(message["headers"])
            elif message["type"] == "http.response.body" and headers is not None and not message.get("more_body"):
                copy = Copy(headers, message["body"], scope.get("route"), began)
                self._copies.keep(scope["path"], copy, changes=changes)
            await send(message)

        return send_and_keep


def _is_strangers(scope: Scope) -> bool:
    return (
        scope["method"] == "GET"
        and not scope["query_string"]
        and all(name != b"cookie" for name, _ in scope["headers"])
    )


def _is_same_for_all(scope: Scope) -> bool:
    state = scope.get("state", {})
    return bool(state.get("same_for_strangers")) and not state.get("cookies_to_set")


async def _mark(request: Request) -> None:
    request.state.same_for_strangers = True


same_for_strangers: list[Any] = [Depends(_mark)]
