"""Seconds of one piece of work, with the shop's code around it and bare, round by round."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.machine import machine

SHOP, BARE = "shop", "bare"


@dataclass(frozen=True)
class Rounds:
    """Seconds for each piece of work, one figure a round: the middle one of that round's."""

    seconds: Mapping[str, Sequence[float]]

    @property
    def cost(self) -> float:
        """The shop's in costs of the bare work: the middle one of the rounds' ratios, whose two halves ran together."""
        return statistics.median(shop / bare for shop, bare in zip(self.seconds[SHOP], self.seconds[BARE], strict=True))

    def document(self, what: str, target: Mapping[str, float]) -> dict[str, Any]:
        """Everything, with what it was measured on, as one JSON document."""
        return {
            "measured_on": machine("psycopg", "fastapi", "uvicorn", "pydantic"),
            "what": what,
            "target": dict(target),
            "cost_in_bare_costs": round(self.cost, 2),
            "rate_of_bare_rate": round(1 / self.cost, 2),
            "milliseconds": {
                name: [round(second * 1000, 3) for second in rounds] for name, rounds in self.seconds.items()
            },
        }
