"""Product pictures: drawn, not photographed. A shape in the colours of a tone, before a ground of its own."""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from zlib import crc32

_FOLDER = Path(__file__).parent / "shapes"
_FRAME, _UNKNOWN_SHAPE, _UNKNOWN_TONE = "frame", "parcel", "sand"

# For each tone: ground, ground in the light, and the thing itself from dark to bright.
_TONES = {
    "sand": ("#eadfce", "#f6efe4", "#8a7358", "#d9c7a9", "#f3e9d8", "#fffaf0"),
    "slate": ("#d5dce0", "#e9eef0", "#37434b", "#6b7c87", "#a9b8c1", "#e3eaee"),
    "honey": ("#f2dfbd", "#faf0da", "#7a4b1e", "#c58a45", "#e3b676", "#f7dcaf"),
    "moss": ("#d3decf", "#e7eee4", "#2c4636", "#4f7359", "#86a586", "#cfdec8"),
    "clay": ("#f0d6c9", "#f8e9e0", "#7c3a26", "#bd6647", "#dd9577", "#f4cdb9"),
    "lake": ("#cddfe4", "#e4eff2", "#1f4654", "#3c7486", "#7db0bd", "#cfe5ea"),
    "ink": ("#d3d8e6", "#e8ebf3", "#1d2747", "#34467c", "#7686b8", "#d3daee"),
    "rose": ("#f1d9dc", "#f9ebec", "#7a3446", "#b96578", "#dd9dab", "#f7d6dc"),
    "sun": ("#f6e6b4", "#fcf4d9", "#8a6210", "#dba52c", "#f0c75e", "#fbe7ae"),
    "berry": ("#e6d3df", "#f3e8ef", "#4f1f3f", "#87406f", "#b57ca0", "#e9cbdd"),
    "fog": ("#e2e2de", "#f1f1ee", "#4b4d4a", "#8b8f8a", "#bfc3bd", "#f4f5f1"),
    "olive": ("#dfdfc4", "#efefdf", "#45481f", "#7d8242", "#aeb277", "#e2e4c0"),
}
_COLOURS = ("ground", "light", "dark", "body", "middle", "bright")

_SCENES = (
    '<circle cx="300" cy="278" r="196" fill="#fff" opacity=".38"/>',
    '<path d="M120 600V290a180 180 0 0 1 360 0v310z" fill="#fff" opacity=".34"/>',
    '<path d="M0 452h600v148H0z" fill="$middle" opacity=".28"/>'
    '<circle cx="420" cy="190" r="96" fill="#fff" opacity=".4"/>',
    '<path d="M0 430c120-60 240-60 330-20s180 40 270-10v200H0z" fill="#fff" opacity=".4"/>',
    '<path d="M92 92h416v416H92z" fill="#fff" opacity=".3"/>',
)


@cache
def shapes() -> tuple[str, ...]:
    """The names that `picture` may take."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.svg") if path.stem != _FRAME))


def tones() -> tuple[str, ...]:
    """The names that `tone` may take."""
    return tuple(sorted(_TONES))


def draw(name: str, drawing: Mapping[str, Any]) -> str:
    """The SVG of a product, titled by its name; a parcel in sand where `picture` and `tone` name nothing known."""
    colours = dict(zip(_COLOURS, _TONES.get(str(drawing.get("tone")), _TONES[_UNKNOWN_TONE]), strict=True))
    scene = Template(_SCENES[crc32(name.encode()) % len(_SCENES)])
    picture = str(drawing.get("picture"))
    shape = _shape(picture if picture in shapes() else _UNKNOWN_SHAPE)
    return _shape(_FRAME).substitute(
        colours, title=escape(name), scene=scene.substitute(colours), thing=shape.substitute(colours)
    )


@cache
def _shape(name: str) -> Template:
    return Template((_FOLDER / f"{name}.svg").read_text(encoding="utf-8").strip())
