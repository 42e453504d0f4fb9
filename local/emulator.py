"""The emulated AWS: its process and what a client of it needs in its environment."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local.launcher.configuration import Configuration
from local.run_directory import ROOT, LocalError, RunDirectory, free_port

ACCOUNT = "0" * 12
REGION = "us-east-2"
EDGE_REGION = "us-east-1"
_PYTHON = ROOT / ".emulator" / "bin" / "python"
_SECRET = "embedded"  # noqa: S105  (the emulator asks for one and checks nothing)
_START_SECONDS = 60


@dataclass(frozen=True)
class Emulator:
    """A running emulator on this machine."""

    port: int

    @property
    def endpoint(self) -> str:
        """Where every AWS API answers."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client of the emulated account, whatever this machine's own credentials are."""
        session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=_SECRET, region_name=region)
        return session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    def client_environment(self) -> dict[str, str]:
        """The variables with which any AWS client talks to the emulator and never to AWS."""
        return {
            **tool_environment(),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


def tool_environment() -> dict[str, str]:
    """This process's environment without anything that points at an AWS account, our tools first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path}


def start_emulator(run: RunDirectory, configuration: Configuration, authority: Path) -> Emulator:
    """Starts the emulator, whose functions trust `authority` (a PEM file). Raises LocalError when it does not start."""
    if not _PYTHON.exists():
        raise LocalError("The emulator is not installed: run `make setup`")
    emulator = Emulator(port=free_port())
    temporary = run.path / "emulator"
    temporary.mkdir(parents=True, exist_ok=True)
    configuration_file = run.path / "launcher.json"
    configuration.write(configuration_file)
    environment = {
        **tool_environment(),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(emulator.port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "NODE_PATH": str(ROOT / "node_modules"),
        "SFTP_ENABLED": "0",
        "SSL_CERT_FILE": str(authority),
        "TMPDIR": str(temporary),
    }
    command = [str(_PYTHON), "-m", "local.launcher", str(configuration_file)]
    run.start("emulator", command, environment, ready=lambda: _is_healthy(emulator), seconds=_START_SECONDS)
    return emulator


def _is_healthy(emulator: Emulator) -> bool:
    try:
        with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/ready", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
