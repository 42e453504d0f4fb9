"""Curated tables of a history that never happened, for whoever wants to see the page before there is a shop."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.history.lake import DirectoryTarget
from ops.history.mishaps import USUAL
from ops.history.story import Story
from ops.history.writing import write
from ops.synth import ROOT

DAYS, CUSTOMERS, PRODUCTS, SEED = 60, 500, 60, 7


class NightlyJobError(Exception):
    """The job did not make tables of the history; the message is the end of its own words."""


def tell(directory: Path) -> Path:
    """Writes two months until yesterday below `directory`, runs the nightly job over them, returns its tables.

    Raises NightlyJobError when the job fails.
    """
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    write(Story(SEED, yesterday, DAYS, CUSTOMERS, PRODUCTS, USUAL), DirectoryTarget(directory), lambda: None)
    command = [sys.executable, str(ROOT / "etl" / "curate.py"), "--lake", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NightlyJobError(f"The nightly job failed: {done.stderr.strip().splitlines()[-1:]}")
    return directory / "curated"
