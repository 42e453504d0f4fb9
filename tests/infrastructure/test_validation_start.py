"""What is read beside the start of the validation must not disturb it: Node.js answers one question at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.infrastructure.synthesis import ROOT

READ_WITHOUT_NODE = """
import aws_cdk, jsii

def refuse(*arguments, **options):
    raise AssertionError("reading a module asked Node.js")

type(jsii.kernel.provider._process).send = refuse
import stacks.platform
"""


@pytest.mark.slow
def test_stacks_are_read_without_asking_node() -> None:
    result = subprocess.run(
        [sys.executable, "-c", READ_WITHOUT_NODE], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
