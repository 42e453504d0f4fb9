"""How many requests a second each framework answers, against the fastest of the same run."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.load import drive, served
from bench.machine import machine
from ops.synth import ROOT

RESULT = ROOT / "bench" / "results" / "frameworks.json"
REQUIREMENTS = ROOT / "bench" / "frameworks" / "requirements.txt"
CANDIDATES = ("starlette", "fastapi", "litestar", "falcon", "blacksheep")
PAGE, ORDERS = "page", "orders"

ORDER = json.dumps(
    {
        "email": "somebody@example.com",
        "lines": [
            {"product_id": "0b9b5a4e-6c05-4b6e-9a1d-3a3c5be0d1aa", "quantity": 2, "unit_price": "18.50"},
            {"product_id": "1b9b5a4e-6c05-4b6e-9a1d-3a3c5be0d1aa", "quantity": 1, "unit_price": "4.00"},
        ],
    }
)


@dataclass(frozen=True)
class Result:
    """Requests per second of each round, by endpoint and framework."""

    rates: Mapping[str, Mapping[str, Sequence[float]]]

    def median(self, endpoint: str, framework: str) -> float:
        """The middle one of its rounds."""
        return statistics.median(self.rates[endpoint][framework])

    def ratio(self, endpoint: str, framework: str) -> float:
        """Its median in medians of the fastest."""
        return self.median(endpoint, framework) / max(self.median(endpoint, other) for other in self.rates[endpoint])

    def document(self) -> dict[str, Any]:
        """Everything, with what it was measured on, as one JSON document."""
        pins = dict(line.split("==") for line in REQUIREMENTS.read_text().split())
        return {
            "measured_on": machine() | pins,
            "ratios": {
                endpoint: {framework: round(self.ratio(endpoint, framework), 2) for framework in rates}
                for endpoint, rates in self.rates.items()
            },
            "requests_per_second": {
                endpoint: {framework: [round(rate) for rate in rounds] for framework, rounds in rates.items()}
                for endpoint, rates in self.rates.items()
            },
        }


def measure(rounds: int, seconds: float, progress: Callable[[int, str], None]) -> Result:
    """Drive each framework's two endpoints once per round, in turn; a round before the first is not counted."""
    rates: dict[str, dict[str, list[float]]] = {
        endpoint: {framework: [] for framework in CANDIDATES} for endpoint in (PAGE, ORDERS)
    }
    for number in range(rounds + 1):
        for framework in CANDIDATES:
            progress(number, framework)
            with served(_command(framework)) as address:
                page = drive(f"{address}/{PAGE}", seconds=seconds)
                orders = drive(
                    f"{address}/{ORDERS}",
                    seconds=seconds,
                    method="POST",
                    body=ORDER,
                    headers={"content-type": "application/json"},
                )
            if number:
                rates[PAGE][framework].append(page.requests_per_second)
                rates[ORDERS][framework].append(orders.requests_per_second)
    return Result(rates)


def _command(framework: str) -> Sequence[str]:
    return (
        *("uv", "run", "--quiet", "--no-project", "--isolated", "--with-requirements", str(REQUIREMENTS)),
        *("uvicorn", f"bench.frameworks.{framework}_shop:app", "--port", "{port}", "--log-level", "error"),
    )
