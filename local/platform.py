"""The whole platform on this machine: what `make up` and the tests start, and how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import deployment, resource_schemas
from local.cache import start_cache
from local.emulator import Emulator, start_emulator
from local.launcher.configuration import Configuration
from local.postgres import start_postgres
from local.run_directory import ROOT, LocalError, RunDirectory, free_port, is_listening
from local.storefront import start_storefront, storefront_address
from local.tls import Certificate, make_certificate
from ops.synth import synthesized

STANDARD_DIRECTORY = ROOT / "build" / "local"
_PROCESSES = ("postgres", "cache", "tls", "emulator", "storefront")
_NEEDED_GIGABYTES = 1

Detail = Callable[[str], None]
Step = Callable[[str], AbstractContextManager[Detail]]


@dataclass(frozen=True)
class Running:
    """A running platform: where its shop answers, and the emulated AWS behind it."""

    address: str
    emulator: Emulator


@dataclass(frozen=True)
class RecordedResource:
    """A deployed resource that exists in name only: nothing of it runs on this machine."""

    stack: str
    logical_id: str
    type: str


class EmbeddedPlatform:
    """Starts and stops the platform of one run directory.

    Everything it starts is written down before it is used, so that `down` also ends what a crash left behind.
    """

    def __init__(self, directory: Path = STANDARD_DIRECTORY, *, environment: str = "dev") -> None:
        self.run = RunDirectory(directory)
        self._environment = environment

    def up(self, port: int, step: Step) -> Running:
        """Synthesizes, deploys and starts everything; where it runs already, deploys again and restarts the shop.

        The shop answers at `port`, at any free one if that is 0.
        `step` is entered around every part, and the callable it yields takes details worth showing.
        Raises LocalError with nothing left running when something is in the way.
        """
        with self._alone():
            self._check_machine(port)
            again = self.run.is_running(*_PROCESSES[:-1])
            if again:
                self.run.stop("storefront")
            else:
                self.run.stop_all()
            with step("Synthesize"), synthesized(self._environment) as assembly:
                local = deployment.local_assembly(assembly, self.run.path / "assembly")
            try:
                emulator = self._running_emulator() if again else self._start_servers(step)
                with step("Deploy") as detail:
                    deployment.deploy(self.run, emulator, local, detail)
                with step("Storefront"):
                    stack = f"retail-{self._environment}-application"
                    address = start_storefront(self.run, emulator, stack, port or free_port())
            except BaseException:
                self.run.stop_all()
                raise
            self.run.note(address=address)
            return Running(address=address, emulator=emulator)

    def down(self) -> list[str]:
        """Stops everything, removes every file of it, and returns the names of what ran. Safe to call twice."""
        stopped = self.run.stop_all()
        shutil.rmtree(self.run.path, ignore_errors=True)
        return stopped

    def status(self) -> dict[str, bool]:
        """Whether each process runs, by name."""
        return {name: self.run.is_running(name) for name in _PROCESSES}

    def emulator(self) -> Emulator:
        """The emulated AWS that runs; raises LocalError when none does."""
        if not self.run.is_running("emulator"):
            raise LocalError("The platform does not run on this machine: start it with `make up`")
        return self._running_emulator()

    def recorded(self) -> list[RecordedResource]:
        """The deployed resources that nothing stands behind on this machine."""
        listing = self.run.path / "recorded.json"
        return [RecordedResource(**entry) for entry in json.loads(listing.read_text())] if listing.exists() else []

    @property
    def _certificate(self) -> Certificate:
        return Certificate.within(self.run.path / "tls")

    def _running_emulator(self) -> Emulator:
        return Emulator.model_validate_json(self.run.facts["emulator"])

    def _start_servers(self, step: Step) -> Emulator:
        """PostgreSQL, the cache, TLS before both, the emulated AWS, bootstrapped."""
        with step("PostgreSQL and cache"):
            postgres = start_postgres(self.run)
            cache = start_cache(self.run)
            tls = make_certificate(self._certificate.authority.parent)
            database_port, cache_port = free_port(), free_port()
            routes = [f"postgres:{database_port}:{postgres.port}", f"redis:{cache_port}:{cache.port}"]
            self.run.start(
                "tls",
                [sys.executable, "-m", "local.tls", str(tls.certificate), *routes],
                os.environ,
                ready=lambda: is_listening(database_port) and is_listening(cache_port),
            )
        with step("Emulated AWS"):
            configuration = Configuration(
                database_port=database_port,
                cache_port=cache_port,
                postgres_port=postgres.port,
                postgres_password=postgres.password,
                psql=str(postgres.binaries / "psql"),
                schemas=str(resource_schemas.FILE),
                recorded=str(self.run.path / "recorded.json"),
                task_credentials_port=free_port(),
                task_token=secrets.token_urlsafe(32),
            )
            emulator = start_emulator(self.run, configuration, tls)
            self.run.note(emulator=emulator.model_dump_json(), database=postgres.conninfo)
            deployment.bootstrap(self.run, emulator)
        return emulator

    def _check_machine(self, port: int) -> None:
        """Raises LocalError before anything starts, or stops, when it could not end well."""
        ours = self.run.is_running("storefront") and self.run.facts.get("address") == storefront_address(port)
        if port and is_listening(port) and not ours:
            raise LocalError(f"Port {port} is taken by another program; choose another: make up PORT={port + 1}")
        free = shutil.disk_usage(ROOT).free / 1e9
        if free < _NEEDED_GIGABYTES:
            raise LocalError(f"Only {free:.1f} GB free below {ROOT}: {_NEEDED_GIGABYTES} GB are needed; make room")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Raises LocalError when another process is starting this very platform."""
        self.run.path.mkdir(parents=True, exist_ok=True)
        with (self.run.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalError("Another `make up` is at work here; wait for it to end") from None
            yield
