"""The job as a command, in a shell where nobody activated anything."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.run_directory import ROOT
from tests.etl.lakes import placed, raw

pytestmark = pytest.mark.slow


def test_job_runs_by_its_own_python_whatever_the_path_begins_with(tmp_path: Path) -> None:
    raw_object = tmp_path / "raw" / "orders" / "date=2026-11-20" / "a.json"
    raw_object.parent.mkdir(parents=True)
    raw_object.write_text(json.dumps(raw(placed(), occurred_at=datetime.now(UTC))))

    done = subprocess.run(
        [sys.executable, ROOT / "etl" / "curate.py", "--lake", tmp_path, "--memory", "1g"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["curated"] == 1
