"""No other site can have a customer's browser change anything here.

The browser says where a request comes from: `Sec-Fetch-Site`, or `Origin` in older ones. Where it says neither, a form
must hold the token of its session, which `{{ form_token() }}` puts there, and an API call must be one that a form
cannot make. Applies to every method but the safe ones, to every address, so that no endpoint can forget it.
"""

import hmac
from urllib.parse import urlsplit

import psycopg
from anyio import to_thread
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.discovery import DiscoveryIncompleteError
from storefront.problems import answer
from storefront.sessions import FORM_FIELD, Session, known_session

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class ForgeryGuard:
    """Refuses with 403 what did not come from our own pages, with 415 what the API would not take anyway.

    Must be inside of RequestLimits, which has read the body already.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._application(scope, receive, send)
            return
        request = Request(scope)
        is_api = request.url.path.startswith("/api/")
        if is_api and not _is_json(request):
            refusal = answer(request, 415, "The API takes application/json.", kind="not-json")
            await refusal(scope, receive, send)
            return
        ours = _says_ours(request)
        if ours is None and not is_api:
            message = await receive()
            receive = _once(message, receive)
            try:
                ours = await self._holds_token(scope, message.get("body", b""))
            except HTTPException as unreadable:
                refusal = answer(request, unreadable.status_code, unreadable.detail)
                await refusal(scope, receive, send)
                return
        if ours is False:
            detail = "This did not come from a page of ours. Please open the page again and repeat it there."
            refusal = answer(request, 403, detail, kind="forged-request")
            await refusal(scope, receive, send)
            return
        await self._application(scope, receive, send)

    async def _holds_token(self, scope: Scope, body: bytes) -> bool:
        session = await to_thread.run_sync(_session_of, Request(scope))
        if session is None:  # nobody's authority is used, but to sign somebody in under another's name
            return not scope["path"].startswith("/account/")
        form = await Request(dict(scope), _once({"type": "http.request", "body": body}, None)).form()
        token = form.get(FORM_FIELD)
        return isinstance(token, str) and hmac.compare_digest(token.encode(), session.form_token.encode())


def _says_ours(request: Request) -> bool | None:
    """What the browser says about where the request comes from; None when it says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")  # none: the customer, by a bookmark or a reload
    origin = request.headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
        except ValueError:  # no address at all
            return False
    return None


def _is_json(request: Request) -> bool:
    """A body of another type is one that a page of another site may send without asking; none is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    return (empty and not kind) or kind == "application/json" or (kind.startswith("application/") and "+json" in kind)


def _session_of(request: Request) -> Session | None:
    try:
        return known_session(request)
    except (psycopg.OperationalError, DiscoveryIncompleteError):
        return Session.new()  # it cannot be known now, and no token fits this one


def _once(message: Message, then: Receive | None) -> Receive:
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told and then is not None:
            return await then()
        told = True
        return message

    return receive_again
