"""Synthesizes one environment into `build/<environment>/`, no credentials, no network: `python -m ops.synth prod`."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SynthesisError(Exception):
    """Why there are no templates: the app's own words."""


def synthesize(environment: str) -> Path:
    """The cloud assembly of one environment, checked by every rule pack. Raises SynthesisError with what was found."""
    with synthesized(environment) as assembly:
        return assembly


@contextmanager
def synthesized(environment: str) -> Iterator[Path]:
    """The same assembly, into which no other synthesis of this checkout writes before the end of `with`."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with (build / "synthesis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits for one that is at work
        _run_app(environment)
        yield build / environment


def _run_app(environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", "-c", f"env={environment}"],
        cwd=ROOT,
        env=_environment(),
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise SynthesisError((done.stderr or done.stdout).strip())


def _environment() -> dict[str, str]:
    """This process's environment with the Node.js of ours first, and nothing that a CDK command line left in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CDK_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path}


def main(arguments: list[str]) -> int:
    """Synthesizes the environment named on the command line and says what came out."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python -m ops.synth ENVIRONMENT    Example: python -m ops.synth prod", file=sys.stderr)
        return 2
    environment = arguments[0]
    began = time.monotonic()
    print(f"  Synthesize {environment} …", flush=True)
    try:
        assembly = synthesize(environment)
    except SynthesisError as problem:
        print(problem, file=sys.stderr)
        return 1
    templates = [json.loads(file.read_text()) for file in assembly.glob("*.template.json")]
    resources = sum(len(template["Resources"]) for template in templates)
    where = assembly.relative_to(ROOT)
    print(f"  {len(templates)} stacks, {resources} resources in {where}/   {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
