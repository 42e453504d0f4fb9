"""Too large, too slow, or not to be meant: refused before anything is done."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from urllib.parse import urlencode

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from storefront import request_limits
from storefront.http_protocol import CUT_OFF, BoundedHeads
from storefront.middleware import RequestScope
from storefront.request_limits import LARGEST_BODY, LARGEST_HEAD, RequestLimits
from tests.retail.shop import EMAIL, FORM, Shop
from tests.storefront.waiting import SECONDS, eventually


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a real server listens, whose one endpoint answers with the length of what it was sent."""
    monkeypatch.setattr(request_limits, "SECONDS_FOR_BODY", SECONDS)  # however slow this machine is
    application = FastAPI()

    @application.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    application.add_middleware(RequestLimits)
    application.add_middleware(RequestScope)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="error", http=BoundedHeads))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        eventually(lambda: server.started, "the server listens")
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(SECONDS)


def _exchange(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send parts with a pause after each, unless the server hangs up before; everything that it says until it does."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        with suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
        answer = b""
        with suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


_POST = b"POST /length HTTP/1.1\r\nHost: shop\r\n"


def test_a_body_that_comes_in_pieces_arrives_whole(port: int) -> None:
    answer = _exchange(port, _POST + b"Connection: close\r\nContent-Length: 4\r\n\r\n", b"ab", b"cd", pause=0.05)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"4")


def test_a_body_that_trickles_is_given_up_and_the_connection_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "SECONDS_FOR_BODY", 0.5)
    answer = _exchange(port, _POST + b"Content-Length: 1000\r\n\r\n", b"a", b"a", b"a", pause=0.2)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    assert b"application/problem+json" in answer


def test_a_body_without_a_stated_length_is_counted_as_it_comes(port: int) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    fits = _exchange(port, _POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, b"0\r\n\r\n")
    assert fits.endswith(b"65536")
    answer = _exchange(port, _POST + b"Transfer-Encoding: chunked\r\n\r\n", *([chunk] * 5), pause=0.02)
    assert answer.startswith(b"HTTP/1.1 413")


def test_half_a_request_is_not_served(port: int, caplog: pytest.LogCaptureFixture) -> None:
    def statuses() -> list[object]:
        return [getattr(record, "status", None) for record in caplog.records if record.message == "request"]

    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(_POST + b"Content-Length: 1000\r\n\r\nhalf")
    eventually(statuses, "the request is over")
    assert statuses() == [400]


def test_a_stated_length_beyond_the_limit_is_refused_unread(port: int) -> None:
    answer = _exchange(port, _POST + b"Content-Length: 999999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413"), "a 408 would say that it was waited for"


def test_a_body_at_the_limit_is_read_and_one_beyond_is_a_413(client: TestClient) -> None:
    for size, status in ((LARGEST_BODY, 422), (LARGEST_BODY + 1, 413)):
        body = b'"' + b"x" * (size - 2) + b'"'
        answer = client.post("/api/orders", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_head_that_never_ends_is_cut_off(port: int) -> None:
    for endless in (b"X-Long: ", b"X-Many: x\r\n" * 3):
        answer = _exchange(port, _POST + endless, *([b"x" * 8192] * (CUT_OFF // 8192 + 1)), pause=0.01)
        assert answer.startswith(b"HTTP/1.1 400")


def test_requests_one_after_another_on_a_connection_have_each_a_head_of_their_own(port: int) -> None:
    request = _POST + b"X-Long: " + b"x" * (LARGEST_HEAD - 100) + b"\r\nContent-Length: 1\r\n\r\nx"
    last = request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    answer = _exchange(port, *([request] * 3), last, pause=0.05)
    assert answer.count(b"HTTP/1.1 200") == 4


def test_too_many_and_too_long_headers_are_a_431(client: TestClient) -> None:
    assert client.get("/", headers={"X-Long": "x" * LARGEST_HEAD}).status_code == 431
    assert client.get("/", headers={f"X-{number}": "x" for number in range(101)}).status_code == 431
    assert client.get("/?q=" + "x" * 9000).status_code == 414


@pytest.mark.parametrize(
    "path",
    [
        "/static/1/..%2f__main__.py",
        "/static/..%2f..%2f__main__.py",
        "/static/1/..%5c__main__.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/images/..%2f..%2fetc%2fpasswd.svg",
        "/static/1/%252e%252e%252f__main__.py",
        "/..%2f..%2fetc/passwd",
    ],
)
def test_no_path_leads_out_of_the_shop(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", ["/api/products/%00", "/?q=%00", "/static/1/shop.css%00.svg"])
def test_the_one_character_that_postgresql_refuses_is_refused_at_the_door(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 400


def test_it_is_refused_in_bodies_too(client: TestClient, shop: Shop) -> None:
    body = b'{"email": "kim.example@example.com", "name": "a\\u0000b", "password": "seven purple wagons"}'
    answer = client.post("/api/customers", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    form = {"email": EMAIL, "name": "a\x00b", "password": "seven purple wagons"}
    assert client.post("/account/register", data=form).status_code == 400
    raw = urlencode(FORM | {"idempotency_key": "a-key-of"}).encode() + b"\x00ours"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/checkout", content=raw, headers=headers).status_code == 400
    wide = body.decode().encode("utf-16")  # Python's reader of JSON would take it
    assert client.post("/api/customers", content=wide, headers={"Content-Type": "application/json"}).status_code == 400
    assert [shop.count("customers"), shop.count("orders")] == [0, 0]


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=B", "Multipart/Form-Data; boundary=B; charset=utf-7"])
def test_nothing_is_uploaded(client: TestClient, shop: Shop, kind: str) -> None:
    form = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in (FORM | {"idempotency_key": "a-key+AAA-of-ours"}).items()
    )
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    for body in (form + b"--B--\r\n", b"neither"):
        assert client.post("/checkout", content=body, headers={"Content-Type": kind}).status_code == 415
    assert shop.count("orders") == 0
