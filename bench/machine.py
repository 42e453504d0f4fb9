"""What a measurement was made on."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version


def machine(*packages: str) -> dict[str, object]:
    """Date, cores, Python, and the versions of the packages that matter."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }
