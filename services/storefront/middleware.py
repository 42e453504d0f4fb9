"""Around every request: correlation id, security headers, session cookie, access log, an answer to every error."""

import re
import time
from uuid import uuid4

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retail.observability import correlate, count, logger, note
from storefront.cookies import cookies_to_set
from storefront.problems import unexpected

# A UUID or a trace's id, with or without hyphens, or X-Ray's: no number of a card, no word, no session.
_AN_ID = re.compile(
    r"(?=.*[a-f])(?:[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|1-[0-9a-f]{8}-[0-9a-f]{24})", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)

# Where orders are placed, whichever way.
_CHECKOUTS = frozenset({("POST", "/api/orders"), ("POST", "/checkout"), ("GET", "/checkout/paid")})

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_EVERY_ANSWER = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class RequestScope:
    """Pure ASGI, so that what it sets is seen by the endpoint's thread as well."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request_id = str(uuid4())
        correlation_id = _offered_id(scope) or request_id
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        correlate(correlation_id, request_id=request_id)
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(message, scope, correlation_id)
            await send(message)

        try:
            await self._application(scope, receive, send_with_headers)
        except Exception as error:
            answer = unexpected(Request(scope), error)
            if status == 0:  # else the answer is on its way, and breaking off is all that is left
                await answer(scope, receive, send_with_headers)
        finally:
            _log_access(scope, status, time.perf_counter() - started)
            if status >= 500 and (scope["method"], _route(scope)) in _CHECKOUTS:
                count("CheckoutsRefused")  # for reasons of ours: what a customer may mend is told by a 4xx


def _offered_id(scope: Scope) -> str | None:
    offered = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-correlation-id"), "")
    return offered if _AN_ID.fullmatch(offered) else None


def _complete(message: Message, scope: Scope, correlation_id: str) -> None:
    headers = message["headers"] = [*message.get("headers", ()), *_EVERY_ANSWER]  # no endpoint sets any of these
    headers.append((b"x-correlation-id", correlation_id.encode()))
    if all(name != b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in cookies_to_set(Request(scope)).values())


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    """The address as the route has it, never as it was typed: people type their own into it."""
    log = logger.debug if scope["path"] in ("/health", "/ready") else note
    ids = {name: text for name, text in scope.get("path_params", {}).items() if _UUID.fullmatch(str(text))}
    log(
        "request",
        method=scope["method"],
        route=_route(scope),
        status=status,
        duration_ms=round(seconds * 1000, 1),
        **ids,
    )


def _route(scope: Scope) -> str:
    """The address as its endpoint has it; `unmatched` too for what was refused before one was looked for."""
    route: str = getattr(scope.get("route"), "path", "unmatched")
    return route
