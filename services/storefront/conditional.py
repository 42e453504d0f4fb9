"""Answers that are the same for everybody: kept for a minute, shown for an hour while they are renewed (row E1)."""

import hashlib

from fastapi import Request, Response

KEPT = "public, max-age=60, stale-while-revalidate=3600"


def public_json(request: Request, body: str | bytes, *, links: str | None = None) -> Response:
    """This JSON under the ETag of its content, or 304 without it for whoever has it already."""
    content = body.encode() if isinstance(body, str) else body
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": KEPT} | ({"Link": links} if links else {})
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def _has(offered: str, tag: str) -> bool:
    """Weak comparison, as RFC 9110 wants it here: whoever compressed our answer on the way calls its tag weak."""
    tags = {part.strip().removeprefix("W/") for part in offered.split(",")}
    return tag in tags or "*" in tags
