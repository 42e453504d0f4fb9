"""Static files and product pictures: the same for everybody, so that the edge may keep them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response
from fastapi.responses import FileResponse

from retail.pictures import draw
from retail.site import KEPT_FOR_EVER, PICTURE_KEPT
from storefront.rendering import STATIC, STATIC_VERSION
from storefront.shopping import CurrentShopping

router = APIRouter(include_in_schema=False)
_FILES = {path.name: path for path in STATIC.iterdir()}


@router.get("/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """A static file: for a year under the version it has, for a minute under another (a roll-out is under way)."""
    if name not in _FILES:
        raise HTTPException(404)
    lifetime = KEPT_FOR_EVER if version == STATIC_VERSION else "public, max-age=60"
    return FileResponse(_FILES[name], headers={"Cache-Control": lifetime})


@router.get("/images/{sku}.svg")
def product_picture(sku: Annotated[str, Path(max_length=32)], shopping: CurrentShopping) -> Response:
    """The picture of a product, kept for a day."""
    drawing = shopping.resources.catalog.drawing(sku)
    if drawing is None:
        raise HTTPException(404)
    svg = draw(drawing.name, drawing.drawing)
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": PICTURE_KEPT})
