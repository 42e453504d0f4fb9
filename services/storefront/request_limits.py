"""How large and how slow a request may be: what is beyond is refused before anything works on it.

A body is read here, whole, before the endpoint begins: no endpoint waits for a client, and each refusal is a problem.
"""

from collections.abc import AsyncIterator

import anyio
from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.problems import answer

LARGEST_BODY = 256 * 1024
SECONDS_FOR_BODY = 10.0  # uvicorn waits for ever; a phone sends a form within one
LARGEST_HEAD = 16 * 1024
MOST_HEADERS = 100
LONGEST_ADDRESS = 8 * 1024  # what CloudFront takes at most

_CLOSE = {"Connection": "close"}
_FORM_NUL = b"%00"
_NULS = (b"\x00", b"\\u0000", _FORM_NUL)  # the first is in every text of UTF-16 too, which no client of ours writes


class RequestLimits:
    """Refuses what is too large, too slow or cannot be meant, and hands the rest over with its body at hand."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request = Request(scope)
        refusal = _refuse_head(request)
        body = b""
        if refusal is None and _has_body(request):
            taken = await _read_body(request, receive)
            if isinstance(taken, Response):
                refusal = taken
            else:
                body = taken
                refusal = _refuse_body(request, body)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._application(scope, _replay(body, receive), send)


def _refuse_head(request: Request) -> Response | None:
    headers = request.scope["headers"]
    path, query = request.scope["path"], request.scope["query_string"]
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LARGEST_HEAD:
        return answer(request, 431, "The headers of the request are too many or too long.", headers=_CLOSE)
    if len(path) + len(query) > LONGEST_ADDRESS:
        return answer(request, 414, "The address is too long.", headers=_CLOSE)
    if "\x00" in path or _FORM_NUL in query:
        return answer(request, 400, "An address may not hold the character U+0000.")
    if "\\" in path or ".." in path.split("/"):
        return answer(request, 404, "There is nothing at this address.")
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    if not length.isdigit() or int(length) > LARGEST_BODY:
        return _too_large(request)
    return None


def _has_body(request: Request) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in request.scope["headers"]
    )


def _refuse_body(request: Request, body: bytes) -> Response | None:
    if request.headers.get("content-type", "").strip().lower().startswith("multipart/"):
        return answer(request, 415, "Nothing is uploaded here: send a form as application/x-www-form-urlencoded.")
    if any(nul in body for nul in _NULS):
        return answer(request, 400, "A text may not hold the character U+0000.")
    return None


async def _read_body(request: Request, receive: Receive) -> bytes | Response:
    """The body, or the answer that refuses it."""
    body = bytearray()
    with anyio.move_on_after(SECONDS_FOR_BODY) as patience:
        try:
            async for chunk in _chunks(receive):
                body += chunk
                if len(body) > LARGEST_BODY:
                    return _too_large(request)
        except ClientDisconnect:  # nobody will read this, but half a request must not be served
            return answer(request, 400, "The request did not arrive whole.", headers=_CLOSE)
    if patience.cancelled_caught:
        return answer(request, 408, "The request did not arrive in time.", headers=_CLOSE)
    return bytes(body)


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        more = message.get("more_body", False)
        yield message.get("body", b"")


def _too_large(request: Request) -> Response:
    return answer(request, 413, f"The body is larger than {LARGEST_BODY // 1024} KiB.", headers=_CLOSE)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body as one message, and after it whatever the server says."""
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
