"""The page: each picture with a sentence that says what it shows, and its numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ops.curated import Row
from ops.insights import charts
from ops.insights.figures import Figures

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

NAMED = 5  # products in a sentence
TILES_IN_A_ROW = 6


@dataclass(frozen=True)
class Panel:
    """One picture. `finding` is what somebody who cannot see it is told; `columns` are headings by field of `rows`."""

    title: str
    finding: str
    picture: Markup
    columns: Mapping[str, str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Tile:
    """One number that comes first."""

    value: str
    label: str


def page(figures: Figures, *, source: str, made_at: datetime) -> str:
    """The whole page, which needs nothing else: no script, no other file, no network."""
    template = _TEMPLATES.get_template("page.html.jinja")
    days = figures.days
    tiles = _tiles(figures)
    return template.render(
        tiles=tiles,
        half=max(2, math.ceil(len(tiles) / 2)),
        columns=len(tiles) if len(tiles) <= TILES_IN_A_ROW else math.ceil(len(tiles) / 2),
        panels=_panels(figures),
        source=source,
        period=_period(days),
        made_at=f"{made_at:%Y-%m-%d %H:%M} UTC",
        cell=_cell,
    )


def many(number: int, one: str) -> str:
    """So many of something, one of which has that name."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _period(days: Sequence[str]) -> str:
    if not days:
        return "no days"
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _tiles(figures: Figures) -> list[Tile]:
    tiles = [
        Tile(f"{sum(row['revenue'] for row in rows):,.0f} {currency}", "revenue, refunds taken off")
        for currency, rows in figures.revenue.items()
    ]
    tiles.append(
        Tile(f"{sum(row['paid_orders'] for rows in figures.revenue.values() for row in rows):,}", "paid orders")
    )
    steps = {step["step"]: step for step in figures.steps}
    tiles.append(Tile(steps["paid"]["part"], "of visits with a cart paid"))
    if figures.deliveries:
        orders = sum(row["shipped"] for row in figures.deliveries)
        hours = sum(row["median_hours"] * row["shipped"] for row in figures.deliveries) / orders
        tiles.append(Tile(f"{hours:,.1f} h", "from order to parcel, typically"))
    if figures.arrivals:
        slowest = max(figures.arrivals, key=lambda row: row["p90"])
        tiles.append(Tile(f"{slowest['p90']:,.0f} s", f"event to lake, nine of ten ({slowest['prefix']})"))
    return tiles


def _panels(figures: Figures) -> list[Panel]:
    panels = [_revenue(currency, rows) for currency, rows in figures.revenue.items()]
    panels.append(_funnel(figures))
    panels += [_products(currency, rows) for currency, rows in figures.products.items()]
    if figures.stock:
        panels.append(_stock(figures.stock))
    if figures.deliveries:
        slow = max(figures.deliveries, key=lambda row: row["p90_hours"])
        panels.append(
            _panel(
                "From order to parcel",
                f"Slowest for nine of ten orders on {slow['date']}: {slow['p90_hours']:,.1f} hours.",
                charts.delivery(figures.deliveries),
                {
                    "date": "Shipped on",
                    "shipped": "Orders",
                    "median_hours": "Half within, h",
                    "p90_hours": "90 % within, h",
                },
                figures.deliveries,
            )
        )
    panels.append(_arrivals(figures.arrivals))
    return panels


def _revenue(currency: str, rows: Sequence[Row]) -> Panel:
    best = max(rows, key=lambda row: row["revenue"])
    finding = f"{best['revenue']:,.2f} {currency} on {best['date']}, the {'best' if len(rows) > 1 else 'only'} day"
    return _panel(
        f"Revenue, {currency}",
        f"{finding}; the line is the mean of seven days." if charts.has_mean(rows) else f"{finding}.",
        charts.revenue(rows, currency),
        {
            "date": "Day",
            "paid_orders": "Paid orders",
            "captured": f"Taken, {currency}",
            "refunded": f"Given back, {currency}",
            "revenue": f"Revenue, {currency}",
        },
        rows,
    )


def _products(currency: str, rows: Sequence[Row]) -> Panel:
    best = rows[0]
    return _panel(
        f"Best-selling products, {currency}",
        f"{best['label']}: {best['revenue']:,.2f} {currency} from {many(best['pieces'], 'piece')}, the most.",
        charts.ranking(rows, value="revenue", title=f"revenue of paid orders, {currency}"),
        {"name": "Product", "sku": "SKU", "pieces": "Pieces", "revenue": f"Revenue, {currency}"},
        rows,
    )


def _funnel(figures: Figures) -> Panel:
    steps = {step["step"]: step for step in figures.steps}
    return _panel(
        "From cart to parcel",
        f"Of {many(steps['filled a cart']['visits'], 'visit')} that filled a cart, {steps['paid']['part']} paid.",
        charts.funnel(figures.steps),
        {"step": "Visits that", "visits": "Visits", "part": "Of all carts"},
        figures.steps,
    )


def _arrivals(rows: Sequence[Row]) -> Panel:
    title = "From event to lake"
    if not rows:
        return _panel(title, "Nobody measured it: these events did not come over the bus.", "", {}, [])
    slow = max(rows, key=lambda row: row["p90"])
    waited = many(round(slow["p90"]), "second")
    return _panel(
        title,
        f"Nine of ten events under {slow['prefix']} were there {waited} after they happened.",
        charts.arrival(rows),
        {"prefix": "Prefix", "events": "Events", "median": "Half, s", "p90": "90 %, s", "slowest": "All, s"},
        rows,
    )


def _stock(rows: Sequence[Row]) -> Panel:
    few = [row["label"] for row in rows if row["days_left"] < charts.FEW_DAYS_LEFT]
    finding = f"{rows[0]['label']} lasts {rows[0]['days_left']:,.1f} days, the shortest."
    if few:
        more = f" and {len(few) - NAMED:,} more" if len(few) > NAMED else ""
        finding += f" Less than a week is left of {', '.join(few[:NAMED])}{more}."
    return _panel(
        "Days of stock left",
        finding,
        charts.ranking(rows, value="days_left", title="days at the pace of four weeks", alarming=True),
        {"name": "Product", "sku": "SKU", "stock": "In stock", "sold": "Sold in 28 days", "days_left": "Days left"},
        rows,
    )


def _panel(title: str, finding: str, picture: str, columns: Mapping[str, str], rows: Sequence[Row]) -> Panel:
    return Panel(title, finding, Markup(picture), columns, rows)  # noqa: S704  (escaped by the library that draws it)


def _cell(value: Any) -> str:
    """The value as a table shows it."""
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
