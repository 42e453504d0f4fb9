"""How long answers take at a given rate: requests sent when they are due, whether or not the ones before are answered.

autocannon counts whole milliseconds, and a page from memory takes less than one.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import SplitResult, urlsplit

import uvloop

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Latencies:
    """Milliseconds of every request, from when it was sent to the last byte of its answer."""

    milliseconds: Sequence[float]

    def percentile(self, percent: int) -> float:
        """So many in a hundred took no longer."""
        return statistics.quantiles(self.milliseconds, n=100)[percent - 1]


class _Run:
    """What the connections of one run have in common."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.took: list[float] = []
        self.idle: deque[_Connection] = deque()
        self.due: deque[float] = deque()
        self.failure: Exception | None = None


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = bytearray()
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self._run.idle.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self not in self._run.idle:
            self._run.failure = error or ConnectionError("the server hung up")

    def send(self, due: float) -> None:
        self._began = due
        self.transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._received)
        if length is None or not self._received.startswith(b"HTTP/1.1 200"):
            self._run.failure = RuntimeError(f"not an answer to measure: {bytes(self._received[:200])!r}")
            return
        if len(self._received) < head + len(_HEAD_END) + int(length.group(1)):
            return
        self._run.took.append((time.perf_counter() - self._began) * 1000)
        self._received.clear()
        if self._run.due:
            self.send(self._run.due.popleft())
        else:
            self._run.idle.append(self)


def drive_at(
    address: str, *, rate: float, seconds: float, connections: int = 32, headers: Mapping[str, str] | None = None
) -> Latencies:
    """So many requests a second for so long; one that finds no idle connection waits, and its wait counts.

    Raises RuntimeError when any answer is not a 200.
    """
    parts = urlsplit(address)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return uvloop.run(_drive(parts, "\r\n".join([*lines, "", ""]).encode(), rate, seconds, connections))


async def _drive(parts: SplitResult, request: bytes, rate: float, seconds: float, connections: int) -> Latencies:
    run, host, port = _Run(request), parts.hostname or "", parts.port or 80
    for _ in range(connections):
        await asyncio.get_running_loop().create_connection(lambda: _Connection(run), host, port)
    everybody = list(run.idle)
    began, sent = time.perf_counter(), 0
    while (now := time.perf_counter()) < began + seconds and run.failure is None:
        for _ in range(int((now - began) * rate) - sent):
            sent += 1
            if run.idle:
                run.idle.popleft().send(now)
            else:
                run.due.append(now)
        await asyncio.sleep(0.001)
    while len(run.idle) < connections and run.failure is None:
        await asyncio.sleep(0.01)
    for connection in everybody:
        connection.transport.close()
    if run.failure is not None:
        raise run.failure
    return Latencies(run.took)
