"""The storefront as a process that listens, and somebody who talks to it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx2 as httpx
import pytest

from local.run_directory import free_port
from tests.log_watch import assert_nothing_private
from tests.retail.shop import Shop

SECONDS_TO_START = 120
SERVE = Path(__file__).with_name("serve.py")
Patience = Literal["tests", "product"]  # see tests.patience


class Storefront:
    """A running storefront, served as its container serves it."""

    def __init__(self, conninfo: str, cache_url: str, *, stripe: str = "", patience: Patience = "tests") -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        servers = {"DATABASE": conninfo, "CACHE": cache_url, "STRIPE": stripe}
        settings = {**servers, "PORT": str(port), "PATIENCE": patience}
        paths = os.pathsep.join(path for path in sys.path if path)
        _, log = tempfile.mkstemp(prefix="storefront-", suffix=".log")
        self.log = Path(log)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, SERVE],
                env={**os.environ, **settings, "PYTHONPATH": paths},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._is_ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the storefront does not listen"
            time.sleep(0.1)

    def customer(self) -> httpx.Client:
        """Somebody with cookies of their own and patience, who uses no connection that the server may be leaving."""
        return httpx.Client(base_url=self.address, timeout=60, limits=httpx.Limits(keepalive_expiry=1.0))

    def get(self, path: str) -> httpx.Response:
        """What a stranger is answered."""
        return httpx.get(self.address + path, timeout=60)

    def stop(self) -> None:
        """End it at once, and look through what it said."""
        self.process.kill()
        self.process.wait()
        assert_nothing_private(self.log)
        self.log.unlink()

    def _is_ready(self) -> bool:
        try:
            return self.get("/ready").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running_storefront(
    conninfo: str, cache_url: str, *, stripe: str = "", patience: Patience = "tests"
) -> Iterator[Storefront]:
    """A storefront for the length of a block; with an address of Stripe's, cards are entered there.

    It has the patience of the tests with the database and the cache, but where the test takes these away.
    """
    storefront = Storefront(conninfo, cache_url, stripe=stripe, patience=patience)
    try:
        yield storefront
    finally:
        storefront.stop()


@pytest.fixture
def storefront(shop: Shop, cache_url: str) -> Iterator[Storefront]:
    """A storefront over the test's shop."""
    with running_storefront(shop.conninfo, cache_url) as storefront:
        yield storefront
