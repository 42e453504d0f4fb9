"""Product pictures: drawn, not photographed. A shape in the colours of a tone, on a ground of its own."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from retail.catalog import Product

_FOLDER = Path(__file__).parent / "shapes"
_shapes = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True)
_KNOWN_SHAPES = {path.stem for path in _FOLDER.glob("*.svg")} - {"frame"}

# For each tone: ground, ground in the light, and the thing itself from dark to bright.
_TONES = {
    "sand": ("#eadfce", "#f6efe4", "#8a7358", "#d9c7a9", "#f3e9d8", "#fffaf0"),
    "slate": ("#d5dce0", "#e9eef0", "#37434b", "#6b7c87", "#a9b8c1", "#e3eaee"),
    "honey": ("#f2dfbd", "#faf0da", "#7a4b1e", "#c58a45", "#e3b676", "#f7dcaf"),
    "moss": ("#d3decf", "#e7eee4", "#2c4636", "#4f7359", "#86a586", "#cfdec8"),
    "clay": ("#f0d6c9", "#f8e9e0", "#7c3a26", "#bd6647", "#dd9577", "#f4cdb9"),
    "lake": ("#cddfe4", "#e4eff2", "#1f4654", "#3c7486", "#7db0bd", "#cfe5ea"),
}


def picture(product: Product) -> str:
    """The SVG of a product; a parcel in sand where its attributes name no known shape or tone."""
    shape = product.attributes.get("picture")
    ground, light, dark, body, middle, bright = _TONES.get(str(product.attributes.get("tone")), _TONES["sand"])
    return _shapes.get_template(f"{shape if shape in _KNOWN_SHAPES else 'parcel'}.svg").render(
        title=product.name, ground=ground, light=light, dark=dark, body=body, middle=middle, bright=bright
    )
