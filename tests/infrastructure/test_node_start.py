"""A synthesis lives for seconds: its Node.js compiles WebAssembly once, and what the caller asked of it still holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retail_constructs import node_start
from tests.infrastructure.synthesis import ROOT

# Calls a function that adds one, until V8 has compiled it anew or has had so many milliseconds for it.
BUSY_WEB_ASSEMBLY = """
const bytes = [0,97,115,109,1,0,0,0,1,6,1,96,1,127,1,127,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,32,0,65,1,106,11];
const {f} = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports;
const end = performance.now() + %d;
let number = 0;
while (!%%IsTurboFanFunction(f) && performance.now() < end) for (let i = 0; i < 100000; i++) number = f(number);
console.log(%%IsTurboFanFunction(f) ? "compiled anew" : "as compiled first");
"""


def test_web_assembly_is_not_compiled_anew_while_it_runs() -> None:
    environment = dict(os.environ)
    assert _node(environment, "--allow-natives-syntax", "-e", BUSY_WEB_ASSEMBLY % 60_000) == "compiled anew"

    node_start.compile_once(environment)

    assert _node(environment, "--allow-natives-syntax", "-e", BUSY_WEB_ASSEMBLY % 1500) == "as compiled first"


def test_it_works_from_any_directory_and_keeps_what_was_asked_of_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / 'a "shop" of ours'
    directory.mkdir()
    moved = shutil.copy(node_start.COMPILED_ONCE, directory)
    monkeypatch.setattr(node_start, "COMPILED_ONCE", moved)
    environment = {**os.environ, "NODE_OPTIONS": "--stack-trace-limit=7"}

    node_start.compile_once(environment)

    said = _node(environment, "-p", "`${Error.stackTraceLimit} ${Object.keys(require.cache)}`")
    assert said == f"7 {moved}"


def test_the_app_starts_no_node_before_it_has_said_how() -> None:
    """The library starts Node.js when it is imported."""
    assert subprocess.run(
        [sys.executable, "-c", "import app, sys; print([name for name in sys.modules if name.startswith('aws_cdk')])"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split() == ["[]"]


def _node(environment: dict[str, str], *arguments: str) -> str:
    """What the Node.js of the synthesis prints."""
    node = Path(sys.executable).with_name("node")
    return subprocess.run(
        [node, *arguments], env=environment, capture_output=True, text=True, check=True, timeout=300
    ).stdout.strip()
