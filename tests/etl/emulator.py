"""An AWS of this machine, for what the job says to S3 and Glue: no stub knows what a conditional write does."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from local.run_directory import ROOT, RunDirectory, free_port

REGION = "us-east-2"


class Emulator:
    """Clients of a running emulator."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: Any, **options: Any) -> Any:
        """A client of any service."""
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        return session.client(service, endpoint_url=self._endpoint, **options)


_AS_IT_COMES = [ROOT / ".emulator" / "bin" / "ministack"]


@contextmanager
def running(
    directory: Path, *, command: Sequence[str | Path] = _AS_IT_COMES, zone: str | None = None
) -> Iterator[Emulator]:
    """The emulator, without the launcher's additions unless `command` makes some, until the end of `with`.

    `zone` is the time zone that it believes to be in, this machine's where there is none.
    """
    port = free_port()
    places = {"TMPDIR": directory, "S3_DATA_DIR": directory / "s3", "STATE_DIR": directory / "state"}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **{name: str(place) for name, place in places.items()},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "SFTP_ENABLED": "0",
        **({"TZ": zone} if zone else {}),
    }
    address = f"http://127.0.0.1:{port}"
    run = RunDirectory(directory)
    try:
        run.start("emulator", command, environment, ready=lambda: _answers(f"{address}/_ministack/ready"), patience=0.5)
        yield Emulator(address)
    finally:
        run.stop_all()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=10):  # noqa: S310  (our own address)
            return True
    except (URLError, OSError):
        return False
