"""An AWS of this machine, for what the job says to S3 and Glue: no stub knows what a conditional write does."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from local.run_directory import ROOT, free_port

REGION = "us-east-2"


class Emulator:
    """Clients of a running emulator."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: Any) -> Any:
        """A client of any service."""
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        return session.client(service, endpoint_url=self._endpoint)


@contextmanager
def running(directory: Path) -> Iterator[Emulator]:
    """The emulator, without the launcher's additions, until the end of `with`."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_REGION": REGION}
    process = subprocess.Popen(
        [ROOT / ".emulator" / "bin" / "ministack"],
        env=environment | settings | {"TMPDIR": str(directory), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"},
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_ministack/ready", process)
        yield Emulator(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(address, timeout=2):  # noqa: S310  (our own address)
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the emulator did not start; `make setup` installs it")
