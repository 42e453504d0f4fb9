"""A cold start may not cost more than half as much again as that of a handler that imports boto3 alone."""

import os
import subprocess
import sys

import pytest

from bench.imports import BARE, CLIENT, FUNCTIONS, NOTHING, Result
from ops.synth import ROOT

SELDOM_NEEDED = {"argon2", "boto3", "dotenv", "fastapi", "pydantic_settings", "redis", "requests", "stripe", "zxcvbn"}


def test_the_ratio_leaves_pythons_own_start_out() -> None:
    result = Result(
        {
            NOTHING: [0.1, 0.1],
            BARE: [0.3, 0.3],
            BARE + CLIENT: [0.5, 0.5],
            "one": [0.4, 0.4],
            "one" + CLIENT: [0.6, 0.6],
        }
    )
    assert result.ratio("one") == pytest.approx(1.5)
    assert result.ratio("one" + CLIENT) == pytest.approx(1.25)
    assert result.functions == ["one", "one" + CLIENT]


def test_no_function_imports_at_its_start_what_only_some_messages_need() -> None:
    lines = [f"from {name} import handler as {name}" for name in FUNCTIONS]
    program = "\n".join(["import sys", *lines, "print(*sys.modules)"])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lambda_src"), "AWS_DEFAULT_REGION": "us-east-2"}
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    )
    assert SELDOM_NEEDED.isdisjoint(printed.stdout.split())
