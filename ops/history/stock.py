"""How many pieces of each product are in the house, and what the buyer does so that they suffice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ops.history.story import BUYS, MORE_THINGS, TWO_OF_A_THING, VISITS_A_DAY, Story, busyness, catalog
from ops.history.visits import DAY, draw

Pieces = NDArray[np.int64]

PACK = 10  # pieces that come together
LEAST = 3  # pieces, below which the buyer orders whatever the demand
MISSED = 0.1  # of the countings, which find one piece less
WEEK = 7


@dataclass(frozen=True)
class Look:
    """Once a week somebody looks at each product: pieces are delivered then, or those in the house counted."""

    place: int
    second: int  # of the day
    change: int
    count: int
    delivered: bool


@dataclass(frozen=True)
class Stock:
    """Pieces of each product when the shop opens, and the looks of each day."""

    opening: Sequence[int]
    looks: Mapping[date, Sequence[Look]]


@lru_cache(maxsize=2)
def stock(story: Story) -> Stock:
    """What the buyer does: nothing that is ordered is ever missing, and what follows does not change what was before.

    The buyer knows what the coming week will take, as the best buyers nearly do, and has more of most products: enough
    for another week. Of one in four there is just enough.
    """
    places = np.arange(story.products)
    seconds = 6 * 3600 + places % 3600  # from six o'clock, one after the other
    movements = _Movements(story, seconds)
    spare = places % 4 != 3
    weeks = np.where(spare, 3 + places % 4, 2)  # that a delivery is to last
    pieces = opening = _at_least(story, story.first_day, movements.of_week(story.first_day, from_midnight=True), weeks)
    looks: dict[date, list[Look]] = {}
    for day in story.dates:
        pieces = pieces + movements.net(day, before_look=True)
        needed = movements.of_week(day)
        point = np.where(spare, np.maximum(_at_least(story, day, needed, 2), LEAST), needed)
        full = np.maximum(_at_least(story, day, needed, weeks), point)
        packs = np.ceil((full - pieces) / PACK).astype(int)
        found_less = story.random_of_the_house(day).random(story.products) < MISSED
        change = np.where(pieces < point, packs * PACK, -(found_less & (pieces > point)).astype(int))
        change[places % WEEK != day.weekday()] = 0
        delivered, pieces = change > 0, pieces + change
        looks[day] = [
            Look(place, int(seconds[place]), int(change[place]), int(pieces[place]), bool(delivered[place]))
            for place in range(day.weekday(), story.products, WEEK)
        ]
        pieces = pieces + movements.net(day, before_look=False)
    return Stock(opening.tolist(), looks)


def _at_least(story: Story, day: date, needed: Pieces, weeks: Pieces | int) -> Pieces:
    """Pieces for so many weeks as they begin on that day, and no less than the first of them takes."""
    busy = sum(busyness(day + timedelta(days=later)) for later in range(WEEK))
    ordered = story.customers * VISITS_A_DAY * busy * BUYS * (1 + MORE_THINGS) * (1 + TWO_OF_A_THING)
    pieces: Pieces = np.maximum(np.ceil(ordered * catalog(story)[1] * weeks).astype(int), needed)
    return pieces


class _Movements:
    """Pieces that orders reserve and release, by day and product, before that day's look and after it."""

    def __init__(self, story: Story, seconds_of_looks: Pieces) -> None:
        self._story, self._next, self._looks = story, story.first_day, seconds_of_looks
        self._reserved: defaultdict[date, Pieces] = defaultdict(self._none)
        self._released: defaultdict[date, Pieces] = defaultdict(self._none)

    def net(self, day: date, *, before_look: bool) -> Pieces:
        """What that part of the day adds to the pieces in the house."""
        self._draw_until(day)
        part = 0 if before_look else 1
        net: Pieces = self._released[day][part] - self._reserved[day][part]
        return net

    def of_week(self, day: date, *, from_midnight: bool = False) -> Pieces:
        """Pieces that are reserved from that day's look, or from its midnight, until the look a week later."""
        end = day + timedelta(days=WEEK)
        self._draw_until(end)
        whole = sum((self._reserved[day + timedelta(days=later)].sum(axis=0) for later in range(1, WEEK)), start=0)
        first = self._reserved[day].sum(axis=0) if from_midnight else self._reserved[day][1]
        pieces: Pieces = first + whole + self._reserved[end][0]
        return pieces

    def _none(self) -> Pieces:
        return np.zeros((2, self._story.products), dtype=int)

    def _draw_until(self, last: date) -> None:
        while self._next <= last:
            visits = draw(self._story, self._next, self._story.random(self._next))
            of_orders = np.repeat(visits.orders, visits.sizes)
            places, quantities = visits.places[of_orders], visits.quantities[of_orders]
            reserved = np.repeat(visits.ordered, visits.sizes)[of_orders]
            released = reserved + np.repeat(visits.released, visits.sizes)[of_orders]
            ever = np.isfinite(released)
            self._add(self._reserved, reserved, places, quantities)
            self._add(self._released, released[ever], places[ever], quantities[ever])
            self._next += timedelta(days=1)

    def _add(self, to: defaultdict[date, Pieces], seconds: NDArray[np.float64], places: Pieces, pieces: Pieces) -> None:
        days_later = (seconds // DAY).astype(int)
        after_look = (seconds % DAY >= self._looks[places]).astype(int)
        for later in np.unique(days_later):
            now = days_later == later
            np.add.at(to[self._next + timedelta(days=int(later))], (after_look[now], places[now]), pieces[now])
