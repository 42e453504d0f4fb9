"""Sessions: a random id in a cookie, of which the shop keeps the hash only."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

COOKIE = "session"
COOKIE_SECONDS = 30 * 24 * 3600
_FORM = re.compile(r"^[A-Za-z0-9_-]{43}$")  # 256 bits, base64url


@dataclass(frozen=True)
class Session:
    """One browser (or program) that shops here."""

    id: str = field(repr=False)

    @property
    def key(self) -> str:
        """What is stored in place of the id: whoever reads the store cannot take the session over."""
        return hashlib.sha256(self.id.encode()).hexdigest()


def known_session(request: Request) -> Session | None:
    """The session of the request's cookie, or None when there is none."""
    session_id = request.cookies.get(COOKIE, "")
    return Session(session_id) if _FORM.match(session_id) else None


def session(request: Request) -> Session:
    """The session of the request, begun now when there is none: the answer then carries the cookie."""
    known = known_session(request)
    if known is None:
        known = Session(secrets.token_urlsafe(32))
        request.state.new_session = known
    return known


def is_secure(request: Request) -> bool:
    """Whether the customer came over https, be it that a proxy in front of us took the encryption off."""
    forwarded = request.headers.get("cloudfront-forwarded-proto") or request.headers.get("x-forwarded-proto")
    return (forwarded or request.url.scheme).split(",")[0].strip().lower() == "https"


def set_cookie(request: Request) -> str | None:
    """The value of `Set-Cookie`, when this request has begun a session."""
    begun: Session | None = getattr(request.state, "new_session", None)
    if begun is None:
        return None
    secure = "; Secure" if is_secure(request) else ""
    return f"{COOKIE}={begun.id}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"


CurrentSession = Annotated[Session, Depends(session)]
KnownSession = Annotated[Session | None, Depends(known_session)]
