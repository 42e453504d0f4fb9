"""What the page shows: rows of the warehouse's views, reckoned from the curated tables, and what they come to."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ops.curated import CuratedTables, Row
from ops.synth import ROOT

VIEWS = ROOT / "lambda_src" / "warehouse_setup" / "sql"
SHOWN_PRODUCTS = 15


@dataclass(frozen=True)
class Figures:
    """The rows of each picture, oldest day first; `arrivals` are empty where nobody watched events arrive.

    What is an amount is by its currency, that of most paid orders first.
    """

    revenue: dict[str, list[Row]]
    funnel: list[Row]
    products: dict[str, list[Row]]
    stock: list[Row]
    deliveries: list[Row]
    arrivals: list[Row]

    @property
    def days(self) -> list[str]:
        """Every day that a picture shows."""
        dated = (*(row for rows in self.revenue.values() for row in rows), *self.funnel, *self.deliveries)
        return sorted({row["date"] for row in dated})

    @property
    def steps(self) -> list[Row]:
        """How many visits came how far, over all days."""
        carts = sum(row["carts"] for row in self.funnel)
        names = {"carts": "filled a cart", "ordered": "ordered", "paid": "paid", "shipped": "had it shipped"}
        found = []
        for key, name in names.items():
            visits = sum(row[key] for row in self.funnel)
            part = f"{visits / carts:.0%}" if carts else "none"
            found.append({"step": name, "visits": visits, "part": part, "label": f"{visits:,} · {part}"})
        return found


@dataclass(frozen=True)
class Arrival:
    """An event of the shop, and how long it took into the lake."""

    event_id: str
    prefix: str
    seconds: float


def figures(tables: CuratedTables, arrivals: Iterable[Arrival] = ()) -> Figures:
    """Everything that the tables and arrivals tell."""
    revenue = _by_currency(_view(tables, "daily_revenue"), "paid_orders")
    products = _by_currency(_view(tables, "product_sales"), "pieces")
    stock = [row for row in _view(tables, "stock_cover") if row["days_left"] is not None]
    return Figures(
        revenue={currency: _every_day(rows) for currency, rows in revenue.items()},
        funnel=_by_date(_view(tables, "daily_funnel")),
        products={currency: _best_selling(rows) for currency, rows in products.items()},
        stock=_told_apart(sorted(stock, key=lambda row: (row["days_left"], row["sku"]))[:SHOWN_PRODUCTS]),
        deliveries=_by_date(_view(tables, "delivery_times")),
        arrivals=_arrivals(arrivals),
    )


def _by_currency(rows: list[Row], importance: str) -> dict[str, list[Row]]:
    """The rows of each currency, the one with most of what is important first: amounts cannot say which that is."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["currency"]].append(row)
    most = {currency: sum(row[importance] for row in of_currency) for currency, of_currency in found.items()}
    return {currency: found[currency] for currency in sorted(found, key=lambda currency: (-most[currency], currency))}


def _best_selling(rows: list[Row]) -> list[Row]:
    """Pieces and revenue of each product over all days, which are in one currency."""
    products: dict[str, Row] = {}
    for row in _by_date(rows):
        known = products.get(row["sku"], {"pieces": 0, "revenue": 0})
        sums = {key: known[key] + row[key] for key in ("pieces", "revenue")}
        products[row["sku"]] = {**row, **sums}
    return _told_apart(sorted(products.values(), key=lambda row: (-row["revenue"], row["sku"]))[:SHOWN_PRODUCTS])


def _told_apart(rows: list[Row]) -> list[Row]:
    """Each product with a `label` of its own: its name, and its SKU where another has that name too."""
    names = Counter(row["name"] for row in rows)
    return [
        {**row, "label": row["name"] if names[row["name"]] == 1 else f"{row['name']} ({row['sku']})"} for row in rows
    ]


def _view(tables: CuratedTables, name: str) -> list[Row]:
    rows = tables.ask((VIEWS / f"{name}.sql").read_text(), "redshift")
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _by_date(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row["date"]))


def _every_day(rows: list[Row]) -> list[Row]:
    """The rows by date, and a row of nothing for each day between: a mean over seven days needs seven."""
    by_date = {date.fromisoformat(row["date"]): row for row in rows}
    first, last = min(by_date), max(by_date)
    nothing = {**rows[0], "paid_orders": 0, "captured": 0, "refunded": 0, "revenue": 0}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [by_date.get(day, {**nothing, "date": day.isoformat()}) for day in days]


def _arrivals(arrivals: Iterable[Arrival]) -> list[Row]:
    """By prefix: the middle event, nine of ten, the slowest. Of an event that came twice, the first counts."""
    first: dict[str, Arrival] = {}
    for arrival in sorted(arrivals, key=lambda arrival: arrival.seconds):
        first.setdefault(arrival.event_id, arrival)
    rows = []
    for prefix in sorted({arrival.prefix for arrival in first.values()}):
        seconds = [arrival.seconds for arrival in first.values() if arrival.prefix == prefix]
        found = {"median": _at_most(seconds, 0.5), "p90": _at_most(seconds, 0.9), "slowest": max(seconds)}
        rows.append({"prefix": prefix, "events": len(seconds), **found})
    return rows


def _at_most(ascending: Sequence[float], part: float) -> float:
    """What that part of the values does not exceed."""
    return ascending[math.ceil(part * len(ascending)) - 1]
