"""The shop of a history sells what it has: stock is never below nothing, and yet some products run low."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ops.history.mishaps import NONE, Mishaps
from ops.history.story import Story
from ops.history.telling import tell

SIGNS = {"InventoryReserved": -1, "InventoryReleased": 1}
FEW_DAYS = 7


def story(seed: int, mishaps: Mishaps = NONE, last_day: date = date(2026, 11, 29)) -> Story:
    """Over Black Friday, when four times as much is sold as usual; or before."""
    return Story(seed, last_day, days=45, customers=2000, products=60, mishaps=mishaps)


def events(story: Story) -> list[dict[str, Any]]:
    """Every sound event that arrived, once, in the order in which it all happened."""
    objects = [objects for day in story.dates for objects in tell(story, day)[0].values()]
    found: dict[str, dict[str, Any]] = {}
    for line in (line for content in objects for line in gzip.decompress(content).splitlines()):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event["version"] == "1.0" and event["payload"] and event["occurred_at"].endswith("Z"):
            found.setdefault(event["event_id"], event)
    return sorted(found.values(), key=lambda event: (event["occurred_at"], event["detail_type"]))


def stock_after_each(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Counter[str]]]:
    """Each event of the stock, and what is there after it: the last count, and what moved since."""
    pieces: Counter[str] = Counter()
    for event in events:
        name, payload = event["detail_type"], event["payload"]
        for line in payload["lines"] if name in SIGNS else ():
            pieces[line["product_id"]] += SIGNS[name] * line["quantity"]
        if "inventory_count" in payload:
            pieces[payload["product_id"]] = payload["inventory_count"]
        yield event, pieces


@pytest.mark.parametrize("seed", range(1, 4))
def test_stock_is_never_below_nothing(seed: int) -> None:
    least = [min(pieces.values()) for _, pieces in stock_after_each(events(story(seed)))]

    assert min(least) >= 0


def test_stock_is_not_below_nothing_whatever_gets_lost_of_the_orders() -> None:
    mishaps = Mishaps(duplicates=0.1, late=0.2, broken=0.2)
    least = [min(pieces.values()) for _, pieces in stock_after_each(events(story(7, mishaps)))]

    assert min(least) >= 0


def test_counts_are_what_was_there_and_what_came() -> None:
    before: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for event, pieces in stock_after_each(events(story(7))):
        payload = event["payload"]
        if event["detail_type"] == "InventoryAdjusted":
            assert payload["inventory_count"] == before[payload["product_id"]] + payload["change"]
            assert (payload["change"] > 0) == (payload["reason"] == "delivery")
            reasons[payload["reason"]] += 1
        before = Counter(pieces)

    assert reasons["delivery"] > 50
    assert reasons["stocktaking"] > 50


@pytest.mark.parametrize("seed", range(1, 4))
def test_few_products_run_low_and_most_last(seed: int) -> None:
    told = events(story(seed, last_day=date(2026, 10, 31)))
    *_, (_, pieces) = stock_after_each(told)
    sold: Counter[str] = Counter()
    for event in told:
        if event["occurred_at"] > "2026-10-03" and event["detail_type"] in SIGNS:
            for line in event["payload"]["lines"]:
                sold[line["product_id"]] -= SIGNS[event["detail_type"]] * line["quantity"]
    low = [product for product in sold if pieces[product] * 28 < FEW_DAYS * sold[product]]

    assert 1 <= len(low) <= 15
