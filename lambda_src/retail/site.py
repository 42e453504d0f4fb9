"""What is the same for every visitor: static files under their version, product pictures under their SKU.

Both origins of the edge, the bucket and the storefront, take names and lifetimes from here, so that they agree.
"""

import hashlib
from collections.abc import Mapping

KEPT_FOR_EVER = "public, max-age=31536000, immutable"
PICTURE_KEPT = "public, max-age=86400"


def version_of(files: Mapping[str, bytes]) -> str:
    """The version of static files, by name: another one as soon as a byte of any differs."""
    return hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:12]


def static_path(version: str, name: str) -> str:
    """Where a static file is served, without the leading slash."""
    return f"static/{version}/{name}"


def picture_path(sku: str) -> str:
    """Where a product's picture is served, without the leading slash."""
    return f"images/{sku}.svg"
