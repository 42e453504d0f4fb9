"""The emulated AWS: its process and what a client of it needs in its environment."""

from __future__ import annotations

import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import ContainerProvider, CredentialResolver
from pydantic import BaseModel

from local.launcher.configuration import Configuration
from local.run_directory import ROOT, LocalError, RunDirectory, free_port
from local.tls import Certificate

ACCOUNT = "0" * 12
REGION = "us-east-2"
EDGE_REGION = "us-east-1"
_PATIENT = Config(read_timeout=300)  # whoever gives up on a function that is slow calls it twice
_PYTHON = ROOT / ".emulator" / "bin" / "python"
_SECRET = "embedded"  # noqa: S105  (the emulator asks for one and checks nothing)


class Emulator(BaseModel, frozen=True):
    """A running emulator on this machine."""

    port: int
    authority: Path
    task_credentials_port: int
    task_token: str

    @property
    def endpoint(self) -> str:
        """Where every AWS API answers, over TLS because bucket policies deny anything else."""
        return f"https://127.0.0.1:{self.port}"

    def client(self, service: str, region: str = REGION, role: str | None = None) -> Any:
        """A boto3 client of the emulated account's owner, or of a task's role, never of this machine's own account."""
        session = botocore.session.Session()
        if role is None:
            session.set_credentials(ACCOUNT, _SECRET)
        else:
            resolver = CredentialResolver([ContainerProvider(environ=self.task_environment(role))])
            session.register_component("credential_provider", resolver)
        return boto3.Session(botocore_session=session, region_name=region).client(  # type: ignore[call-overload]  # any service
            service, endpoint_url=self.endpoint, verify=str(self.authority), config=_PATIENT
        )

    def task_environment(self, role: str) -> dict[str, str]:
        """The variables with which a container's AWS client gets the credentials of its role."""
        account = {name: value for name, value in self.client_environment().items() if "ACCESS_KEY" not in name}
        return {
            **account,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self.task_credentials_port}/?role={role}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.task_token,
        }

    def client_environment(self) -> dict[str, str]:
        """The variables with which any AWS client talks to the emulator and never to AWS."""
        return {
            **tool_environment(),
            **trusting(self.authority),
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


def trusting(authority: Path) -> dict[str, str]:
    """The variables with which Python, boto3, Node.js and libpq trust this authority (a PEM file)."""
    names = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PGSSLROOTCERT")
    return {name: str(authority) for name in names}


def start_emulator(run: RunDirectory, configuration: Configuration, tls: Certificate) -> Emulator:
    """Starts the emulator, which enforces IAM. Raises LocalError when it does not start."""
    if not _PYTHON.exists():
        raise LocalError("The emulator is not installed: run `make setup`")
    emulator = Emulator(
        port=free_port(),
        authority=tls.authority,
        task_credentials_port=configuration.task_credentials_port,
        task_token=configuration.task_token,
    )
    temporary = run.path / "emulator"
    temporary.mkdir(parents=True, exist_ok=True)
    configuration_file = run.path / "launcher.json"
    configuration.write(configuration_file)
    environment = {
        **tool_environment(),
        **trusting(tls.authority),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(emulator.port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_SSL_CERT": str(tls.certificate),
        "MINISTACK_SSL_KEY": str(tls.certificate),
        "NODE_PATH": str(ROOT / "node_modules"),
        "S3_DATA_DIR": str(temporary / "s3"),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(temporary / "state"),  # else a place in /tmp that every emulator of the machine shares
        "TMPDIR": str(temporary),
        "USE_SSL": "1",
    }
    command = [str(_PYTHON), "-m", "local.launcher", str(configuration_file)]
    run.start(
        "emulator",
        command,
        environment,
        ready=lambda: _is_healthy(emulator),
        patience=0.5,  # it keeps nothing worth a farewell, and its pollers would take their time
    )
    return emulator


def _is_healthy(emulator: Emulator) -> bool:
    context = ssl.create_default_context(cafile=emulator.authority)
    address = f"{emulator.endpoint}/_ministack/ready"
    try:
        with urllib.request.urlopen(address, timeout=10, context=context) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
