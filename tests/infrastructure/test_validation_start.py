"""What is read beside the start of the validation must not disturb it: Node.js answers one question at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.infrastructure.synthesis import ROOT

READ_WITHOUT_NODE = """
import aws_cdk, jsii
from importlib import import_module
from retail_constructs.validation_start import LARGE_MODULES

def refuse(*arguments, **options):
    raise AssertionError("reading a module asked Node.js")

type(jsii.kernel.provider._process).send = refuse
for name in LARGE_MODULES:
    import_module(f"aws_cdk.{name}")
"""


@pytest.mark.slow
def test_modules_are_read_without_asking_node() -> None:
    result = subprocess.run(
        [sys.executable, "-c", READ_WITHOUT_NODE], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
