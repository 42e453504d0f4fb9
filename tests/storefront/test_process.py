"""The storefront as a process: it listens, and it ends without dropping anybody."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.retail.shop import Shop

SECONDS_TO_START = 20
SERVE = Path(__file__).with_name("serve.py")


class Storefront:
    """A running storefront."""

    def __init__(self, shop: Shop, cache_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        settings = {"DATABASE": shop.conninfo, "CACHE": cache_url, "PORT": str(port)}
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen([sys.executable, SERVE], env={**os.environ, **settings, "PYTHONPATH": paths})
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            assert self.process.poll() is None, "the storefront ended before it listened"
            assert time.monotonic() < deadline, "the storefront does not listen"
            time.sleep(0.1)

    def get(self, path: str) -> int:
        """The status of an answer."""
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:  # noqa: S310 our own address
            status: int = answer.status
            return status

    def _answers(self) -> bool:
        try:
            return self.get("/ready") == 200
        except OSError:
            return False


@pytest.fixture
def storefront(shop: Shop, cache_url: str) -> Iterator[Storefront]:
    storefront = Storefront(shop, cache_url)
    yield storefront
    storefront.process.kill()
    storefront.process.wait()


def test_told_to_stop_it_finishes_the_request_in_flight_first(shop: Shop, storefront: Storefront) -> None:
    shop.add_product()
    with psycopg.connect(shop.conninfo) as other, ThreadPoolExecutor(1) as customer:
        other.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
        request = customer.submit(storefront.get, "/api/products")
        time.sleep(0.5)
        storefront.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert storefront.process.poll() is None
        other.rollback()
        assert request.result() == 200
    assert storefront.process.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("PARAMETER_PREFIX", "no-slash"), ("PAYMENT_GATEWAY", "barter")]
)
def test_a_wrong_setting_ends_the_start_with_its_name(name: str, value: str) -> None:
    environment = {
        "RETAIL_ENVIRONMENT": "test",
        "PARAMETER_PREFIX": "/retail/test",
        "DATABASE_SECRET_ARN": "arn",
        "DATABASE_USERNAME": "retail",
        "DATABASE_PASSWORD": "a-secret-password",
        "AWS_DEFAULT_REGION": "us-east-2",
        "PAYMENT_GATEWAY": "simulator",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        name: value,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "storefront"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode != 0
    assert name.lower() in ended.stderr
    assert "a-secret-password" not in ended.stderr
