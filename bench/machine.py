"""What a measurement was made on."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from importlib.metadata import version


class Side(Enum):
    """Where a process may run, so that who drives takes no processor from who is driven."""

    DRIVEN = slice(None, 1)
    DRIVING = slice(1, None)


@contextmanager
def processors_of(side: Side) -> Iterator[None]:
    """Run this block, and whatever is started in it, on that side's processors.

    Both share all where there is but one processor, or where the system pins nothing.
    """
    if not hasattr(os, "sched_setaffinity") or len(processors := sorted(os.sched_getaffinity(0))) < 2:
        yield
        return
    os.sched_setaffinity(0, processors[side.value])
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


def machine(*packages: str) -> dict[str, object]:
    """Date, cores, Python, and the versions of the packages that matter."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }
