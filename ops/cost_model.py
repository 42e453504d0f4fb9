"""What a month of each resource costs: from its template's own figures, list prices, and a stated traffic."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Template: TypeAlias = dict[str, Any]
Quantities: TypeAlias = dict[str, float]

PRICES = Path(__file__).parent / "prices.json"
LIGHT_TRAFFIC = Path(__file__).parent / "light_traffic.json"
HOURS = 730  # in a month, as AWS counts


class UnknownCostError(ValueError):
    """A template has a resource that nobody thought about the price of; the message names it."""


@dataclass(frozen=True)
class Line:
    """How much of something a month, and what it comes to in USD."""

    stack: str
    resource_type: str
    price: str
    quantity: float
    dollars: float


class Month:
    """One environment's templates (stack id → template) under a month of traffic."""

    def __init__(self, templates: Mapping[str, Template], usage: Mapping[str, float]) -> None:
        self.templates = templates
        self._usage = usage

    def used(self, name: str) -> float:
        """The whole environment's use of something."""
        return self._usage[name]

    def share(self, name: str, resource_type: str) -> float:
        """One resource's part of it, all of that type being alike."""
        return self._usage[name] / len(self.all(resource_type))

    def all(self, resource_type: str) -> list[Template]:
        """The properties of all resources of that type."""
        return [
            resource.get("Properties", {})
            for template in self.templates.values()
            for resource in template["Resources"].values()
            if resource["Type"] == resource_type
        ]


Rule: TypeAlias = Callable[[Template, Month], Quantities]


def lines(templates: Mapping[str, Template], rules: Mapping[str, Rule], free: frozenset[str]) -> list[Line]:
    """Every line of the bill. Raises UnknownCostError for a type that neither has a rule nor is known to be free."""
    prices = {name: price["usd"] for name, price in json.loads(PRICES.read_text())["prices"].items()}
    month = Month(templates, json.loads(LIGHT_TRAFFIC.read_text())["usage"])
    bill = []
    for stack, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            kind = resource["Type"]
            if kind in free or kind.startswith("Custom::"):
                continue
            if kind not in rules:
                raise UnknownCostError(
                    f"{stack}/{logical_id}: give {kind} a rule in ops/cost_rules.py, or name it free"
                )
            for price, quantity in rules[kind](resource.get("Properties", {}), month).items():
                bill.append(Line(stack, kind, price, quantity, quantity * prices[price]))
    return bill
