"""What a cold start spends on imports: each function against a handler that imports boto3 and nothing else.

The functions import boto3 with their first message only. So that this hides nothing, each is measured again up to the
first client it makes, against the bare handler with one.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from ops.synth import ROOT

RESULT = ROOT / "bench" / "results" / "imports.json"
FUNCTIONS = tuple(sorted(path.parent.name for path in (ROOT / "lambda_src").glob("*/handler.py")))

NOTHING = "nothing"
BARE = "bare boto3 handler"
CLIENT = " and a client"
TARGET = 1.5  # times the bare handler


@dataclass(frozen=True)
class Result:
    """Processor seconds (user and system) of each round: a machine that does other things besides tells wrong times."""

    seconds: Mapping[str, Sequence[float]]

    @property
    def functions(self) -> list[str]:
        """What was measured beside the yardsticks."""
        return [name for name in self.seconds if name != NOTHING and not name.startswith(BARE)]

    def cost(self, name: str) -> float:
        """The middle one of its rounds, without what Python itself takes to start."""
        return statistics.median(self.seconds[name]) - statistics.median(self.seconds[NOTHING])

    def ratio(self, name: str) -> float:
        """Its cost in costs of the bare handler, each with a client or each without."""
        return self.cost(name) / self.cost(BARE + CLIENT if name.endswith(CLIENT) else BARE)

    def document(self) -> dict[str, Any]:
        """Everything, with what it was measured on, as one JSON document."""
        return {
            "measured_on": {
                "date": time.strftime("%Y-%m-%d"),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                **{package: version(package) for package in ("boto3", "pydantic", "psycopg", "aws-lambda-powertools")},
            },
            "target": TARGET,
            "ratios": {name: round(self.ratio(name), 2) for name in self.functions},
            "seconds": {name: [round(second, 3) for second in rounds] for name, rounds in self.seconds.items()},
        }


def measure(rounds: int, report: Callable[[int, str], None]) -> Result:
    """Import everything in turn, in a process of its own each time; the first time is not counted."""
    imports = {BARE: "import boto3", **{name: f"from {name} import handler" for name in FUNCTIONS}}
    with_clients = {f"{name}{CLIENT}": f"{line}; import boto3; boto3.client('sqs')" for name, line in imports.items()}
    programs = {NOTHING: "pass", **imports, **with_clients}
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, program in programs.items():
            report(number, name)
            spent = _processor_seconds(program)
            if number:
                seconds[name].append(spent)
    return Result(seconds)


def _processor_seconds(program: str) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lambda_src"), "AWS_DEFAULT_REGION": "us-east-2"}
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", program], environment)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{program!r} failed: run it to see why")
    return usage.ru_utime + usage.ru_stime
