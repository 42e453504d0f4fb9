"""Custom resource `Custom::SiteFiles`: static files, and pictures of the sample catalog, into the site's bucket.

Nothing is ever taken away: during a roll-out pages of the version before still ask for theirs.
"""

import io
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from retail import clients
from retail.custom_resource import Answer, send
from retail.observability import describe, logger
from retail.pictures import draw
from retail.sample_catalog import sample_products
from retail.settings import FunctionSettings
from retail.site import KEPT_FOR_EVER, PICTURE_KEPT, picture_path, static_path, version_of

PHYSICAL_ID = "site-files"

# By suffix and not from `mimetypes`, whose answers depend on the machine.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class Settings(FunctionSettings):
    """The environment variables of this function."""

    site_bucket: str
    sample_catalog: bool = False


class Source(BaseModel):
    """The zip that holds the static files, as the deployment uploaded it."""

    SourceBucket: str
    SourceKey: str


class SiteFile(BaseModel):
    """An object of the site's bucket."""

    key: str
    content: bytes
    type: str
    lifetime: str


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Answer CloudFormation in every case; a failure is the answer FAILED with its reason, never a silent hour."""
    logger.info("site files requested", request_type=event["RequestType"])
    try:
        data = {} if event["RequestType"] == "Delete" else _publish(Source.model_validate(event["ResourceProperties"]))
        answer = Answer("SUCCESS", data=data)
    except Exception as error:
        logger.error("site files not published", error=describe(error))
        answer = Answer("FAILED", reason=describe(error)["reason"])
    send(event, PHYSICAL_ID, answer)


def _publish(source: Source) -> dict[str, str]:
    settings = Settings.read()
    archive = clients.s3().get_object(Bucket=source.SourceBucket, Key=source.SourceKey)["Body"].read()
    files = _unzipped(archive)
    published = [*static_files(files), *(pictures() if settings.sample_catalog else ())]
    for file in published:
        clients.s3().put_object(
            Bucket=settings.site_bucket,
            Key=file.key,
            Body=file.content,
            ContentType=file.type,
            CacheControl=file.lifetime,
        )
    logger.info("site files published", version=version_of(files), objects=len(published))
    return {"Version": version_of(files), "Objects": str(len(published))}


def _unzipped(archive: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(archive)) as content:
        return {entry.filename: content.read(entry) for entry in content.infolist() if not entry.is_dir()}


def static_files(files: dict[str, bytes]) -> Iterator[SiteFile]:
    """The files under their version; raises ValueError for one whose type a browser could not be told."""
    version = version_of(files)
    for name, content in sorted(files.items()):
        suffix = PurePosixPath(name).suffix
        if suffix not in _TYPES:
            raise ValueError(f"static file {name} has no known type: add {suffix!r} to the types that are published")
        yield SiteFile(key=static_path(version, name), content=content, type=_TYPES[suffix], lifetime=KEPT_FOR_EVER)


def pictures() -> Iterator[SiteFile]:
    """The pictures of the sample catalog, byte for byte as the storefront would draw them."""
    for product in sample_products():
        svg = draw(product["name"], product["drawing"])
        yield SiteFile(
            key=picture_path(product["sku"]), content=svg.encode(), type=_TYPES[".svg"], lifetime=PICTURE_KEPT
        )
