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
from threading import enumerate as enumerate_threads
from typing import Any

import psycopg
import pytest

from local.run_directory import is_listening
from storefront import announcements, ending, relay
from storefront.application import create_application
from storefront.ending import SECONDS_TO_PUT_AWAY
from storefront.resources import Resources
from tests.retail.shop import CHECKOUT, Shop
from tests.storefront.conftest import browser
from tests.storefront.running import Storefront
from tests.storefront.running import storefront as storefront
from tests.storefront.test_announcements import StuckBus
from tests.storefront.waiting import SECONDS, blocked, eventually


def port_of(storefront: Storefront) -> int:
    return int(storefront.address.rpartition(":")[2])


def logged(storefront: Storefront) -> list[dict[str, Any]]:
    """What the process has written so far, but for a line that it is at."""
    *lines, _ = storefront.log.read_text().split("\n")
    return [json.loads(line) for line in lines]


def test_told_to_stop_it_finishes_the_request_in_flight_first(shop: Shop, storefront: Storefront) -> None:
    shop.add_product()
    with psycopg.connect(shop.conninfo) as other, ThreadPoolExecutor(1) as customer:
        other.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
        request = customer.submit(storefront.get, "/api/products")
        eventually(lambda: blocked(shop), "the request is in flight")
        storefront.process.send_signal(signal.SIGTERM)
        eventually(lambda: not is_listening(port_of(storefront)), "the process has heard that it is to stop")
        time.sleep(0.5)
        assert storefront.process.poll() is None
        other.rollback()
        assert request.result().status_code == 200
    assert storefront.process.wait(SECONDS) in (0, -signal.SIGTERM)


def test_a_bus_that_hangs_keeps_the_process_no_longer_than_ecs_waits(
    shop: Shop, resources: Resources, monkeypatch: pytest.MonkeyPatch, logs: io.StringIO
) -> None:
    assert ending.SECONDS_TO_FINISH + SECONDS_TO_PUT_AWAY < 28  # of 30
    monkeypatch.setattr(ending, "SECONDS_TO_PUT_AWAY", 1.0)
    for each in (announcements, relay):
        monkeypatch.setattr(each, "SECONDS_TO_STOP", SECONDS)
    bus: Any = StuckBus()
    resources.bus = bus
    with browser(create_application(resources)) as client:
        client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
        client.post("/api/orders", json=CHECKOUT).raise_for_status()
        assert bus.reached.wait(SECONDS)
        told_to_stop = time.monotonic()
    assert 1.0 <= time.monotonic() - told_to_stop < SECONDS / 3, "announcer and relay would each wait for a minute"
    assert "ends before everything is put away" in logs.getvalue()
    bus.free.set()
    for thread in enumerate_threads():
        if thread.name == "ending":
            thread.join(SECONDS)  # it has the database of the next test


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
    whole = [storefront.get(path) for path in paths]
    questions = [f"HEAD {path} HTTP/1.1\r\nHost: shop\r\n" for path in paths]
    questions[-1] += "Connection: close\r\n"
    answers = b""
    with socket.create_connection(("127.0.0.1", port_of(storefront)), timeout=SECONDS) as connection:
        # On one connection, so that a body would be taken for the head of the next answer; and at once, for the server
        # leaves one that is idle.
        connection.sendall("".join(f"{question}\r\n" for question in questions).encode())
        while chunk := connection.recv(65536):
            answers += chunk
    *heads_of_answers, after = answers.decode().lower().split("\r\n\r\n")
    assert after == ""
    for path, asked, answer in zip(paths, whole, heads_of_answers, strict=True):
        head = answer.splitlines()
        assert head[0].startswith(f"http/1.1 {asked.status_code}"), path
        assert f"content-length: {len(asked.content)}" in head, path
    heads = [line["route"] for line in logged(storefront) if line.get("method") == "HEAD"]
    assert heads[:4] == ["/", "/", "/products", "/products/{product_id:uuid}"]


def test_every_line_is_json_whoever_writes_it(storefront: Storefront) -> None:
    with socket.create_connection(("127.0.0.1", port_of(storefront)), timeout=SECONDS) as client:
        client.sendall(b"no HTTP at all\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    lines = logged(storefront)
    assert [line["library"] for line in lines if "library" in line] == ["uvicorn.error"]
    assert len({line["service"] for line in lines}) == 1


SEVERAL_WRITERS = """
import sys
from threading import Thread
from retail.observability import count, note
def write():
    for number in range(500):
        count("Told")
        note("told", number=number)
sys.setswitchinterval(1e-5)
writers = [Thread(target=write) for _ in range(8)]
for writer in writers:
    writer.start()
for writer in writers:
    writer.join()
"""


def test_what_several_threads_log_and_count_is_a_line_each() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    written = subprocess.run(
        [sys.executable, "-c", SEVERAL_WRITERS],
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=True,
    )
    lines = [json.loads(line) for line in written.stdout.splitlines()]
    assert [sum(key in line for line in lines) for key in ("Told", "message")] == [4000, 4000]


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
        [sys.executable, "-m", "storefront"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert ended.returncode != 0
    assert name.lower() in ended.stderr
    assert "a-secret-password" not in ended.stderr
