"""Whoever has not said which account and region is told how, by every command that asks AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.synth import ROOT

ASK = ["ask", "revenue-per-day", "--env", "dev"]
STAFF = ["staff", "list", "--env", "dev"]
REPLAY = ["replay", "dead-letters", "dev"]
TEARDOWN = ["teardown", "dev", "--yes"]  # knows its environment's region
REGION = {"AWS_DEFAULT_REGION": "us-east-2"}


@pytest.mark.parametrize(
    ("command", "given", "advice"),
    [
        *((command, {}, "set AWS_DEFAULT_REGION") for command in (ASK, STAFF, REPLAY)),
        *((command, REGION, "sign in with `aws sso login`") for command in (ASK, STAFF, REPLAY, TEARDOWN)),
    ],
)
def test_commands_without_a_region_or_credentials_say_what_to_set(
    command: list[str], given: dict[str, str], advice: str, tmp_path: Path
) -> None:
    name, *arguments = command
    nothing = {
        variable: str(tmp_path / "none") for variable in ("HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    }
    done = subprocess.run(
        [sys.executable, "-m", f"ops.{name}", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "1000", **nothing, **given},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert advice in done.stderr
    assert "python -m local run" in done.stderr
