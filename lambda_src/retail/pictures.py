"""Product pictures: drawn, not photographed. A shape in the colours of a tone, on a ground of its own."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

_FOLDER = Path(__file__).parent / "shapes"
_SHAPES = {path.stem: Template(path.read_text(encoding="utf-8").strip()) for path in sorted(_FOLDER.glob("*.svg"))}
_FRAME = _SHAPES.pop("frame")

# For each tone: ground, ground in the light, and the thing itself from dark to bright.
_TONES = {
    "sand": ("#eadfce", "#f6efe4", "#8a7358", "#d9c7a9", "#f3e9d8", "#fffaf0"),
    "slate": ("#d5dce0", "#e9eef0", "#37434b", "#6b7c87", "#a9b8c1", "#e3eaee"),
    "honey": ("#f2dfbd", "#faf0da", "#7a4b1e", "#c58a45", "#e3b676", "#f7dcaf"),
    "moss": ("#d3decf", "#e7eee4", "#2c4636", "#4f7359", "#86a586", "#cfdec8"),
    "clay": ("#f0d6c9", "#f8e9e0", "#7c3a26", "#bd6647", "#dd9577", "#f4cdb9"),
    "lake": ("#cddfe4", "#e4eff2", "#1f4654", "#3c7486", "#7db0bd", "#cfe5ea"),
}
_COLOURS = ("ground", "light", "dark", "body", "middle", "bright")


def draw(name: str, attributes: Mapping[str, Any]) -> str:
    """The SVG of a product, titled by its name; a parcel in sand where `picture` and `tone` name nothing known."""
    colours = dict(zip(_COLOURS, _TONES.get(str(attributes.get("tone")), _TONES["sand"]), strict=True))
    shape = _SHAPES.get(str(attributes.get("picture")), _SHAPES["parcel"])
    return _FRAME.substitute(colours, title=escape(name), thing=shape.substitute(colours))
