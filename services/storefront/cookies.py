"""Cookies: read and written under the name that binds them to this host, wherever the customer came over https."""

from fastapi import Request

HOST_ONLY = "__Host-"  # browsers take such a cookie over https only, from this host only, for the whole of it


def is_secure(request: Request) -> bool:
    """Whether the customer came over https, be it that a proxy in front of us took the encryption off."""
    forwarded = request.headers.get("cloudfront-forwarded-proto") or request.headers.get("x-forwarded-proto")
    return str(forwarded or request.scope["scheme"]).split(",")[0].strip().lower() == "https"


def read_cookie(request: Request, name: str) -> str:
    """What the customer sent; empty when there is none."""
    return request.cookies.get(_name(request, name), "")


def set_cookie(request: Request, name: str, value: str, *, seconds: int) -> None:
    """Answer with this cookie; no script reads it, and no other site's form sends it."""
    secure = "; Secure" if is_secure(request) else ""
    attributes = f"Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    cookies_to_set(request)[name] = f"{_name(request, name)}={value}; {attributes}"


def cookies_to_set(request: Request) -> dict[str, str]:
    """The values of `Set-Cookie` that the answer to this request shall have, by cookie."""
    cookies: dict[str, str] = request.scope.setdefault("state", {}).setdefault("cookies_to_set", {})
    return cookies


def _name(request: Request, name: str) -> str:
    return HOST_ONLY + name if is_secure(request) else name
