"""Sessions: a random id in a signed cookie, of which the shop keeps the hash only."""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie
from itsdangerous import BadSignature, SignatureExpired, Signer, TimestampSigner

from storefront.cookies import HOST_ONLY, read_cookie, set_cookie

COOKIE = "session"
FORM_FIELD = "form_token"
COOKIE_SECONDS = 30 * 24 * 3600
_GUEST, _CUSTOMER = "g", "c"
SECONDS_BETWEEN_READS = 60.0

# For the OpenAPI document; the cookie itself is read below.
cookie_scheme = APIKeyCookie(
    name=HOST_ONLY + COOKIE,
    scheme_name="session",
    description="Set by the first answer that needs it, a new one at sign-in and sign-out. Over http it is `session`.",
    auto_error=False,
)


@dataclass(frozen=True)
class Session:
    """One browser (or program) that shops here, as a guest or signed in."""

    id: str = field(repr=False)
    claims_customer: bool = False

    @classmethod
    def new(cls, *, claims_customer: bool = False) -> "Session":
        """A session that nobody has had before."""
        return cls(secrets.token_urlsafe(32), claims_customer)

    @property
    def key(self) -> str:
        """What is stored in place of the id: whoever reads the store cannot take the session over."""
        return hashlib.sha256(self.id.encode()).hexdigest()

    @property
    def visit_id(self) -> str:
        """What analytics may know: the same for the same session, and nothing that leads back to it."""
        return hmac.digest(self.id.encode(), b"visit", "sha256").hex()[:32]

    def card_reference(self, what_for: str) -> str:
        """What ties a card that is entered elsewhere to this session and to what it was entered for.

        Nobody without the cookie can compute it, and it says nothing of either.
        """
        return hmac.digest(self.id.encode(), b"card" + what_for.encode(), "sha256").hex()

    @property
    def form_token(self) -> str:
        """What a form of this session carries: nobody without the cookie can compute it."""
        return hmac.digest(self.id.encode(), b"form", "sha256").hex()


class SessionCookies:
    """Writes and reads the cookie's value. What we did not sign, or signed too long ago, is no session.

    The keys are read at first use, and again when a signature is of none of them: one may have been added since.
    """

    def __init__(self, keys: Callable[[], list[bytes]]) -> None:
        self._read_keys = keys
        self._signer: TimestampSigner | None = None
        self._next_read = 0.0
        self._lock = Lock()

    def write(self, session: Session) -> str:
        """The value for this session."""
        kind = _CUSTOMER if session.claims_customer else _GUEST
        return self._current().sign(kind + session.id).decode()

    def read_at_once(self, value: str) -> Session | None:
        """The session, where the keys that are at hand tell it; None says nothing."""
        try:
            return _unsign_once_a_minute(self._signer, value, int(time.time() // 60)) if self._signer else None
        except BadSignature:
            return None

    def read(self, value: str) -> Session | None:
        """The session, or None when the value is forged or has expired."""
        if not value:
            return None
        signer = self._current()
        try:
            return _unsign(signer, value)
        except SignatureExpired:
            return None
        except BadSignature:
            pass
        try:
            return _unsign(self._current(doubted=signer), value)
        except BadSignature:
            return None

    def seal(self, session: Session, what: str, content: bytes) -> str:
        """What the browser of this session keeps for us: it can be read there, and written by nobody but us."""
        text = urlsafe_b64encode(content).decode()
        return f"{_seal_for(self._current(), what).get_signature(f'{session.id}.{text}').decode()}.{text}"

    def unseal(self, session: Session, what: str, value: str) -> bytes:
        """What was sealed for this session under this name; nothing where that was not done with a key we know."""
        return _unseal(self._current(), session, what, value) if value else b""

    def _current(self, *, doubted: TimestampSigner | None = None) -> TimestampSigner:
        """The signer to use; read anew at most each minute. Reading may wait, so nobody else waits for it here."""
        with self._lock:
            signer = self._signer
            if signer is not None and (signer is not doubted or time.monotonic() < self._next_read):
                return signer
            if signer is not None:
                self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
        read = TimestampSigner(self._read_keys(), salt="session", digest_method=hashlib.sha256)
        with self._lock:
            if self._signer is None:
                self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
            self._signer = read
        return read


def _unsign(signer: TimestampSigner, value: str) -> Session:
    signed = signer.unsign(value, max_age=COOKIE_SECONDS).decode()
    return Session(signed[1:], signed[0] == _CUSTOMER)


@lru_cache(maxsize=10_000)
def _unsign_once_a_minute(signer: TimestampSigner, value: str, _: int) -> Session:
    return _unsign(signer, value)


def _seal_for(signer: TimestampSigner, what: str) -> Signer:
    return Signer(signer.secret_keys, salt=what, digest_method=hashlib.sha256)


@lru_cache(maxsize=5_000)
def _unseal(signer: TimestampSigner, session: Session, what: str, value: str) -> bytes:
    signature, _, text = value.partition(".")
    if not _seal_for(signer, what).verify_signature(f"{session.id}.{text}", signature):
        return b""
    return urlsafe_b64decode(text)


def set_sealed_cookie(request: Request, session: Session, name: str, content: bytes, *, seconds: int) -> None:
    """Answer with a cookie that counts in this session only, and only as we wrote it."""
    cookies: SessionCookies = request.app.state.resources.session_cookies
    set_cookie(request, name, cookies.seal(session, name, content), seconds=seconds)


def read_sealed_cookie(request: Request, session: Session, name: str) -> bytes:
    """What it holds; nothing where there is none, or none of ours."""
    cookies: SessionCookies = request.app.state.resources.session_cookies
    return cookies.unseal(session, name, read_cookie(request, name))


def known_session(request: Request) -> Session | None:
    """The session of the request's cookie, or None when there is none, or none of ours."""
    state = request.state
    if hasattr(state, "session_error"):
        raise state.session_error  # asked for twice in one request, a database that is away is waited for once
    if not hasattr(state, "session"):
        cookies: SessionCookies = request.app.state.resources.session_cookies
        try:
            state.session = cookies.read(read_cookie(request, COOKIE))
        except Exception as error:
            state.session_error = error
            raise
    known: Session | None = state.session
    return known


async def known_session_at_once(request: Request) -> Session | None:
    """The same for an endpoint: in a thread only where the keys may have to be read first."""
    value = read_cookie(request, COOKIE)
    if hasattr(request.state, "session") or not value:
        return known_session(request)
    cookies: SessionCookies = request.app.state.resources.session_cookies
    known = cookies.read_at_once(value)
    if known is None:
        return await to_thread.run_sync(known_session, request)
    request.state.session = known
    return known


async def session(request: Request) -> Session:
    """The session of the request, begun now when there is none: the answer then carries the cookie."""
    known = await known_session_at_once(request)
    if known is not None:
        return known
    return await to_thread.run_sync(begin_session, request, Session.new())


def begin_session(request: Request, begun: Session) -> Session:
    """Answer with the cookie of this session, in place of whatever the request came with."""
    cookies: SessionCookies = request.app.state.resources.session_cookies
    set_cookie(request, COOKIE, cookies.write(begun), seconds=COOKIE_SECONDS)
    request.state.session = begun
    return begun


CurrentSession = Annotated[Session, Depends(session)]
KnownSession = Annotated[Session | None, Depends(known_session_at_once)]
documented: list[Any] = [Depends(cookie_scheme)]
