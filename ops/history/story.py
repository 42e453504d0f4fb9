"""How the shop's customers behave: when they come, what they want, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ops.history.ids import Ids
from ops.history.mishaps import NONE, Mishaps

VISITS_A_DAY = 0.15  # of a customer, on an ordinary day
BUYS = 0.35  # of the visits that put something into a cart
MORE_THINGS = 0.8  # than one, that a visit puts into its cart
TWO_OF_A_THING = 0.15
SIGNED_IN = 0.7
ONCE = 0.3  # of those who signed in: the rest are customers who come again
DECLINED, CANCELLED, RETURNED = 0.04, 0.03, 0.06
EVENTS_OF_A_VISIT = 3.35  # on average, to choose the number of customers for a number of events

_WEEK = np.array([0.95, 0.9, 0.92, 1.0, 1.1, 1.15, 1.05])  # Monday first
_DAY = np.array([3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 13, 12, 11, 11, 12, 14, 17, 20, 22, 19, 13, 7], dtype=float)
_KINDS = ("Mug", "Lamp", "Kettle", "Blanket", "Notebook", "Backpack", "Bottle", "Board", "Candle", "Frame")
_LOOKS = ("blue", "oak", "linen", "slate", "amber", "moss", "ivory", "copper", "plain", "striped")


@dataclass(frozen=True)
class Product:
    """One of the catalog; its price is in cents."""

    id: str
    sku: str
    name: str
    category: str
    cents: int


@dataclass(frozen=True)
class Story:
    """What a history is made from: the same story is the same history, to the byte.

    One that goes on for longer tells the days of the shorter one in the same bytes.
    """

    seed: int
    last_day: date
    days: int
    customers: int
    products: int = 200
    mishaps: Mishaps = NONE

    @property
    def first_day(self) -> date:
        """The day on which the catalog is published and the first customers come."""
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def dates(self) -> list[date]:
        """All days, the first one first."""
        return [self.first_day + timedelta(days=number) for number in range(self.days)]

    def random(self, day: date) -> np.random.Generator:
        """Chance of that day alone, in whatever story it is: so that days can be told in any order, and once only."""
        return np.random.default_rng([self.seed, day.toordinal()])

    def random_of_the_way(self, day: date) -> np.random.Generator:
        """Chance of what happens to that day's events on their way, which changes nothing else of the story."""
        return np.random.default_rng([self.seed, day.toordinal(), 1])

    def random_of_the_house(self, day: date) -> np.random.Generator:
        """Chance of what is found in the house on that day."""
        return np.random.default_rng([self.seed, day.toordinal(), 2])

    def random_of_what_stays(self, what: int) -> np.random.Generator:
        """Chance of what stays: the catalog (0) and who the customers are (1)."""
        return np.random.default_rng([self.seed, 0, 1 + what])


def busyness(day: date) -> float:
    """How busy a day is, 1 being ordinary: the week's rhythm, and the peak of Black Friday and the weeks after."""
    return float(_WEEK[day.weekday()]) * _season(day)


def _season(day: date) -> float:
    from_black_friday = (day - black_friday(day.year)).days
    if from_black_friday == 0:
        return 4.0
    if 0 < from_black_friday <= 3:
        return 2.5  # to Cyber Monday
    if from_black_friday > 3 and day <= date(day.year, 12, 20):
        return 1.6
    return 1.0


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def seconds_of_day(chance: np.random.Generator, number: int) -> NDArray[np.float64]:
    """When within the day, in seconds: evenings are busy, nights are not."""
    return (chance.choice(24, size=number, p=_DAY / _DAY.sum()) + chance.random(number)) * 3600


@lru_cache(maxsize=2)
def catalog(story: Story) -> tuple[list[Product], NDArray[np.float64]]:
    """The products, and how much each is wanted: a few nearly always, most hardly ever."""
    chance = story.random_of_what_stays(0)
    ids, cents = Ids(chance), np.clip(chance.lognormal(3.2, 0.8, story.products) * 100, 199, 99999).astype(int)
    products = [
        Product(
            id=ids.take(),
            sku=f"{_KINDS[n % 10].upper()}-{n:04}",
            name=f"{_KINDS[n % 10]}, {_LOOKS[n // 10 % 10]} {n // 100 + 1}",
            category=_KINDS[n % 10].lower(),
            cents=int(cents[n]),
        )
        for n in range(story.products)
    ]
    wanted = 1 / np.arange(1, story.products + 1) ** 0.9
    return products, wanted / wanted.sum()


@lru_cache(maxsize=2)
def customers(story: Story) -> list[str]:
    """The ids of those who come again and again."""
    ids = Ids(story.random_of_what_stays(1))
    return [ids.take() for _ in range(story.customers)]
