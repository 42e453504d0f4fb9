"""Servers under load: start one, drive it with autocannon, stop it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.run_directory import free_port
from ops.synth import ROOT

AUTOCANNON = ROOT / "node_modules" / ".bin" / "autocannon"
SECONDS_TO_START = 120.0


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    requests: int
    requests_per_second: float
    p50_milliseconds: float
    p99_milliseconds: float


@dataclass(frozen=True)
class Server:
    """A server that listens."""

    address: str
    process_id: int


@contextmanager
def served(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The base address of a server that is `started` for this block."""
    with started(command, environment) as server:
        yield server.address


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that listens on the port which replaces `{port}` in its command.

    Raises RuntimeError with what the server printed when it ends or does not listen within two minutes.
    """
    port = free_port()
    with tempfile.TemporaryFile("w+") as output:  # not a pipe: one that nobody reads stops whoever writes a log
        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _await_port(port, process, output)
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def drive(
    address: str,
    *,
    seconds: float,
    connections: int = 32,
    rate: float | None = None,
    method: str = "GET",
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Send requests for so many seconds, as fast as they are answered or `rate` a second.

    Raises RuntimeError when any answer is not of the kind 2xx: the figures of errors say nothing.
    """
    command = [str(AUTOCANNON), "--json", "-c", str(connections), "-d", str(seconds), "-m", method]
    if rate is not None:
        command += ["-R", str(round(rate))]
    if body is not None:
        command += ["-b", body]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}={value}"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    run = subprocess.run([*command, address], env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"autocannon failed on {address}: {run.stderr.strip()}")
    result = json.loads(run.stdout)
    if result["non2xx"] or result["errors"] or not result["2xx"]:
        raise RuntimeError(
            f"{address} answered {result['2xx']} requests, refused {result['non2xx']}, and broke off {result['errors']}"
        )
    return Load(
        result["2xx"],
        result["2xx"] / result["duration"],
        result["latency"]["p50"],
        result["latency"]["p99"],
    )


def _await_port(port: int, process: subprocess.Popen[bytes], output: IO[str]) -> None:
    patience = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < patience and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    process.kill()
    process.wait()
    output.seek(0)
    raise RuntimeError(f"{process.args!r} does not listen: {output.read().strip()}")
