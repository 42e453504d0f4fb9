"""The storefront as a process that listens, and somebody who talks to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from local.run_directory import free_port
from tests.retail.shop import Shop

SECONDS_TO_START = 30
SERVE = Path(__file__).with_name("serve.py")


class Storefront:
    """A running storefront, served as its container serves it."""

    def __init__(self, conninfo: str, cache_url: str) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        settings = {"DATABASE": conninfo, "CACHE": cache_url, "PORT": str(port)}
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen([sys.executable, SERVE], env={**os.environ, **settings, "PYTHONPATH": paths})
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._is_ready():
            assert self.process.poll() is None, "the storefront ended before it listened"
            assert time.monotonic() < deadline, "the storefront does not listen"
            time.sleep(0.1)

    def customer(self) -> httpx.Client:
        """Somebody with cookies of their own, and patience."""
        return httpx.Client(base_url=self.address, timeout=60)

    def get(self, path: str) -> httpx.Response:
        """What a stranger is answered."""
        return httpx.get(self.address + path, timeout=60)

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def _is_ready(self) -> bool:
        try:
            return self.get("/ready").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running_storefront(conninfo: str, cache_url: str) -> Iterator[Storefront]:
    """A storefront for the length of a block."""
    storefront = Storefront(conninfo, cache_url)
    try:
        yield storefront
    finally:
        storefront.stop()


@pytest.fixture
def storefront(shop: Shop, cache_url: str) -> Iterator[Storefront]:
    """A storefront over the test's shop."""
    with running_storefront(shop.conninfo, cache_url) as storefront:
        yield storefront
