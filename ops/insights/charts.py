"""Charts as SVG that takes its colours from the page, so that it is right in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import vl_convert

Spec = dict[str, Any]
Rows = Sequence[dict[str, Any]]

WIDTH, HEIGHT = 460, 210
MAIN, SECOND, BAD, INK, LINES = (f"var(--{name})" for name in ("main", "second", "bad", "ink", "lines"))
FEW_DAYS_LEFT = 7
DAYS_OF_MEAN = 7

_CONFIG: Spec = {
    "background": "transparent",
    "padding": {"left": 20, "right": 44, "top": 6, "bottom": 6},  # the browser's letters may be wider than ours
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "gridColor": LINES,
        "domainColor": LINES,
        "tickColor": LINES,
    },
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "orient": "top",
        "title": None,
        "columnPadding": 40,
    },
    "text": {"color": INK, "fontSize": 12},
    "bar": {"color": MAIN},
    "line": {"color": MAIN, "strokeWidth": 2},
}
_DAY: Spec = {"field": "date", "type": "temporal", "title": None, "axis": {"format": "%d %b", "grid": False}}


def has_mean(rows: Rows) -> bool:
    """Whether there are days enough for the mean of seven to say something."""
    return len(rows) >= DAYS_OF_MEAN


def revenue(rows: Rows, currency: str) -> str:
    """Revenue of each day as a bar, and the mean of seven days as a line where there are as many."""
    mean: Spec = {"op": "mean", "field": "revenue", "as": "mean"}
    bars: Spec = {
        "mark": {"type": "bar", "opacity": 0.55, "color": MAIN},
        "encoding": {"y": _amount("revenue", currency)},
    }
    line: Spec = {
        "transform": [{"window": [mean], "frame": [1 - DAYS_OF_MEAN, 0], "sort": [{"field": "date"}]}],
        "mark": {"type": "line", "color": SECOND},
        "encoding": {"y": {"field": "mean", "type": "quantitative"}},
    }
    layers = [bars, line] if has_mean(rows) else [bars]
    return _svg({"data": _data(rows), "encoding": {"x": _DAY}, "layer": layers})


def funnel(steps: Rows) -> str:
    """How many visits came how far, each step under the one before."""
    encoding = {
        "y": {"field": "step", "type": "nominal", "sort": None, "title": None, "axis": {"labelFontSize": 14}},
        "x": {"field": "visits", "type": "quantitative", "title": None, "axis": None},
    }
    layers = [
        {"mark": {"type": "bar", "height": {"band": 0.75}}},
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 13},
            "encoding": {"text": {"field": "label", "type": "nominal"}},
        },
    ]
    return _svg({"data": _data(steps), "encoding": encoding, "layer": layers, "height": 44 * len(steps)})


def ranking(rows: Rows, *, value: str, title: str, alarming: bool = False) -> str:
    """The value of each label as a bar, in the order of the rows; with `alarming`, few days left stand out.

    Labels are each row's own: rows of one label would be one bar. All values are of one unit, which the title says.
    """
    few = f"datum['{value}'] < {FEW_DAYS_LEFT}" if alarming else "false"
    encoding = {
        "y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 200}},
        "x": {"field": value, "type": "quantitative", "title": title, "axis": {"tickCount": 4}},
    }
    colour = {"condition": {"test": few, "value": BAD}, "value": MAIN}
    layers: list[Spec] = [
        # A bar of nothing would not be seen: its edge is, and its number has the colour.
        {
            "mark": {"type": "bar", "height": {"band": 0.75}, "strokeWidth": 2},
            "encoding": {"color": colour, "stroke": colour},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6},
            "encoding": {
                "text": {"field": value, "type": "quantitative", "format": ",.1~f" if alarming else ",.0f"},
                "color": {"condition": {"test": few, "value": BAD}, "value": INK},
            },
        },
    ]
    return _svg({"data": _data(rows), "encoding": encoding, "layer": layers, "height": max(60, 26 * len(rows))})


def delivery(rows: Rows) -> str:
    """Hours from the order to its parcel by day: the middle order, and nine of ten."""
    return _lines(rows, {"median_hours": "half of the orders", "p90_hours": "nine of ten"}, "hours")


def arrival(rows: Rows) -> str:
    """Seconds from an event to its object in the lake, by prefix: the middle event, nine of ten, the slowest."""
    names = {"median": "half of the events", "p90": "nine of ten", "slowest": "the slowest"}
    folded = [
        {"prefix": row["prefix"], "which": label, "seconds": row[key]} for row in rows for key, label in names.items()
    ]
    encoding = {
        "y": {"field": "prefix", "type": "nominal", "title": None, "axis": {"labelFontSize": 13}},
        "yOffset": {"field": "which", "sort": list(names.values())},
        "x": {"field": "seconds", "type": "quantitative", "title": "seconds", "axis": {"tickCount": 6}},
        "color": _colours(list(names.values())),
    }
    return _svg({"data": _data(folded), "mark": "bar", "encoding": encoding, "height": 70 * len(rows)})


def _lines(rows: Rows, series: dict[str, str], unit: str) -> str:
    folded = [
        {"date": row["date"], "which": label, unit: row[field]} for row in rows for field, label in series.items()
    ]
    encoding = {
        "x": _DAY,
        "y": {"field": unit, "type": "quantitative", "title": unit},
        "color": _colours(list(series.values())),
    }
    return _svg({"data": _data(folded), "mark": {"type": "line", "point": len(rows) < 3}, "encoding": encoding})


def _colours(names: list[str]) -> Spec:
    return {"field": "which", "type": "nominal", "scale": {"domain": names, "range": [MAIN, SECOND, BAD][: len(names)]}}


def _amount(field: str, currency: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": currency}


def _data(rows: Rows) -> Spec:
    return {"values": list(rows)}


def _svg(spec: Spec) -> str:
    """The picture, whose size the page chooses; hidden from whom the table beside it is read to."""
    whole = {"width": WIDTH, "height": HEIGHT, "config": _CONFIG, **spec}
    text: str = vl_convert.vegalite_to_svg(whole)
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', text, count=1)
