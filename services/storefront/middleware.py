"""Around every request: correlation id, security headers, session cookie, access log, an answer to every error."""

import re
import time
from uuid import uuid4

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retail.observability import correlate, logger
from storefront.cookies import cookies_to_set
from storefront.problems import unexpected

_SANE_ID = re.compile(r"^[A-Za-z0-9._:=;-]{8,128}$")

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


class RequestScope:
    """Pure ASGI, so that what it sets is seen by the endpoint's thread as well."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request = Request(scope)
        request_id = str(uuid4())
        offered = request.headers.get("x-correlation-id", "")
        request.state.correlation_id = offered if _SANE_ID.match(offered) else request_id
        correlate(request.state.correlation_id, request_id=request_id)
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(MutableHeaders(scope=message), request)
            await send(message)

        try:
            await self._application(scope, receive, send_with_headers)
        except Exception as error:
            answer = unexpected(request, error)
            if status == 0:  # else the answer is on its way, and breaking off is all that is left
                await answer(scope, receive, send_with_headers)
        finally:
            _log_access(request, status, time.perf_counter() - started)


def _complete(headers: MutableHeaders, request: Request) -> None:
    headers.update(SECURITY_HEADERS)
    headers["X-Correlation-Id"] = request.state.correlation_id
    headers.setdefault("Cache-Control", "no-store")
    for cookie in cookies_to_set(request).values():
        headers.append("Set-Cookie", cookie)


def _log_access(request: Request, status: int, seconds: float) -> None:
    log = logger.debug if request.url.path in ("/health", "/ready") else logger.info
    log("request", method=request.method, path=request.url.path, status=status, duration_ms=round(seconds * 1000, 1))
