"""The storefront as a process: it listens, and it ends without dropping anybody."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import psycopg
import pytest

from storefront import ending
from storefront.application import create_application
from storefront.resources import Resources
from tests.retail.shop import CHECKOUT, Shop
from tests.storefront.conftest import browser
from tests.storefront.running import Storefront
from tests.storefront.running import storefront as storefront
from tests.storefront.test_announcements import StuckBus


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
        assert request.result().status_code == 200
    assert storefront.process.wait(10) in (0, -signal.SIGTERM)


def test_a_bus_that_hangs_keeps_the_process_no_longer_than_ecs_waits(
    shop: Shop, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ending.SECONDS_TO_FINISH + ending.SECONDS_TO_PUT_AWAY < 28  # of 30
    monkeypatch.setattr(ending, "SECONDS_TO_PUT_AWAY", 1.0)
    bus: Any = StuckBus()
    resources.bus = bus
    with browser(create_application(resources)) as client:
        client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
        client.post("/api/orders", json=CHECKOUT).raise_for_status()
        assert bus.reached.wait(5)
        told_to_stop = time.monotonic()
    assert time.monotonic() - told_to_stop < 2.5
    bus.free.set()


def test_what_cannot_be_put_away_keeps_nothing_else_from_it(logs: io.StringIO) -> None:
    def fail() -> None:
        raise OSError("stuck")

    done = Event()
    ending.put_away(fail, done.set)
    assert done.is_set()
    assert "something cannot be put away" in logs.getvalue()


def test_head_is_answered_as_get_without_a_body_wherever_there_is_get(shop: Shop, storefront: Storefront) -> None:
    mug = shop.add_product()
    paths = ("/", "/", "/products", f"/products/{mug}", "/cart", "/api/products", "/health", "/ready", "/nowhere")
    with socket.create_connection(("127.0.0.1", int(storefront.address.rpartition(":")[2]))) as connection:
        connection.settimeout(10)
        for path in paths:  # on one connection: a body would be taken for the head of the next answer
            connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += connection.recv(65536)
            asked = storefront.get(path)
            head = answer.decode().lower().splitlines()
            assert head[0].startswith(f"http/1.1 {asked.status_code}"), path
            assert f"content-length: {len(asked.content)}" in head, path
    logged = [json.loads(line) for line in storefront.log.read_text().splitlines()]
    heads = [line["route"] for line in logged if line.get("method") == "HEAD"]
    assert heads[:4] == ["/", "/", "/products", "/products/{product_id:uuid}"]


def test_every_line_is_json_whoever_writes_it(storefront: Storefront) -> None:
    with socket.create_connection(("127.0.0.1", int(storefront.address.rpartition(":")[2]))) as client:
        client.sendall(b"no HTTP at all\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    lines = [json.loads(line) for line in storefront.log.read_text().splitlines()]
    assert [line["library"] for line in lines if "library" in line] == ["uvicorn.error"]
    assert len({line["service"] for line in lines}) == 1


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
