"""Who comes on a day, what they want, and what becomes of it: all chances of a day's visits, drawn at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ops.history.story import (
    BUYS,
    CANCELLED,
    DECLINED,
    MORE_THINGS,
    ONCE,
    RETURNED,
    SIGNED_IN,
    TWO_OF_A_THING,
    VISITS_A_DAY,
    Story,
    busyness,
    catalog,
    seconds_of_day,
)

DAY = 86400.0
BETWEEN_THINGS, TO_ORDER, TO_PAY = 40.0, 90.0, 3.0  # seconds

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class Fate(IntEnum):
    """What becomes of an order."""

    KEPT, DECLINED, CANCELLED, RETURNED = range(4)


@dataclass(frozen=True)
class Visits:
    """Those of one day; each array has a value for each visit, or for each thing in a cart, where it says so."""

    seconds: Floats  # of the day, when the first thing comes into the cart
    sizes: Whole  # things in the cart
    places: Whole  # of each thing: which product
    quantities: Whole  # of each thing
    orders: NDArray[np.bool_]
    signed_in: NDArray[np.bool_]
    once: NDArray[np.bool_]  # whoever signs in does so for the first time and the last
    who: Whole  # which of the other customers
    fates: Whole
    parcels: Floats  # seconds from the order until the parcel leaves
    kept: Floats  # seconds from there until what is sent back is there again
    reasons: Floats  # from 0 to 1

    @property
    def ordered(self) -> Floats:
        """When whoever orders does, in seconds of the day, which may be over by then."""
        return self.seconds + BETWEEN_THINGS * self.sizes + TO_ORDER

    @property
    def released(self) -> Floats:
        """How many seconds after the order its pieces are free again; infinity for those that are kept."""
        after = {
            Fate.DECLINED: np.full_like(self.parcels, TO_PAY),
            Fate.CANCELLED: 0.2 * self.parcels,
            Fate.RETURNED: self.parcels + self.kept,
        }
        return np.select([self.fates == fate for fate in after], list(after.values()), np.inf)


def draw(story: Story, day: date, chance: np.random.Generator) -> Visits:
    """The visits of that day, from its chance as it is at first."""
    products, wanted = catalog(story)
    number = int(chance.poisson(story.customers * VISITS_A_DAY * busyness(day)))
    seconds = seconds_of_day(chance, number)
    sizes = 1 + chance.poisson(MORE_THINGS, number)
    places = chance.choice(len(products), size=int(sizes.sum()), p=wanted)
    dice = chance.random((number, 7))
    return Visits(
        seconds=seconds,
        sizes=sizes,
        places=places,
        quantities=1 + (chance.random(len(places)) < TWO_OF_A_THING),
        orders=dice[:, 0] < BUYS,
        signed_in=dice[:, 1] < SIGNED_IN,
        once=dice[:, 6] < ONCE,
        who=chance.integers(0, story.customers, number),
        fates=np.select(
            [dice[:, 2] < DECLINED, dice[:, 3] < CANCELLED, dice[:, 4] < RETURNED],
            [Fate.DECLINED, Fate.CANCELLED, Fate.RETURNED],
            Fate.KEPT,
        ),
        parcels=np.clip(chance.lognormal(0.0, 0.6, number), 0.2, 9) * DAY,  # one in eight is late
        kept=(4 + dice[:, 4] / RETURNED * 14) * DAY,
        reasons=dice[:, 5],
    )
