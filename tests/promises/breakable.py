"""Servers of a test's own, which may be stopped, frozen and started again under their address."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg
import pytest

from local.cache import Cache, start_cache
from local.postgres import Postgres, start_postgres
from local.run_directory import RunDirectory

PATIENCE_SECONDS = 60


class BreakablePostgres:
    """A PostgreSQL server; `mode` is pg_ctl's: fast ends every session, immediate is a crash."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._frozen: list[psutil.Process] = []

    def stop(self, mode: str) -> None:
        """It is gone when this returns."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        """It takes connections, recovered from whatever happened, when this returns."""
        _program, _, options = (self.server.data / "postmaster.opts").read_text().strip().partition(" ")
        self._control("start", "-l", str(self.server.data / "restarted.log"), "-o", options)

    def cut_connections(self) -> int:
        """What a fail-over does to everybody who is connected; returns how many that were."""
        with psycopg.connect(self.server.conninfo, autocommit=True) as administrator:
            return administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).rowcount

    def freeze(self) -> None:
        """It keeps its connections and takes new ones, for those are the kernel's, but answers nobody."""
        postmaster = psutil.Process(int((self.server.data / "postmaster.pid").read_text().splitlines()[0]))
        self._freeze(postmaster)  # first: who is asked for its children after that has them all
        for process in postmaster.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # whose client has just left
                self._freeze(process)

    def thaw(self) -> None:
        """It answers again."""
        while self._frozen:
            with suppress(psutil.NoSuchProcess):
                self._frozen.pop().resume()

    def refuse_writes(self, *, refuse: bool) -> None:
        """Whether it is, for open sessions and for new ones, what a writer becomes in a fail-over."""
        with psycopg.connect(self.server.conninfo, autocommit=True) as administrator:
            administrator.execute("SET default_transaction_read_only = off")
            administrator.execute(f"ALTER SYSTEM SET default_transaction_read_only = {refuse}".encode())
            administrator.execute("SELECT pg_reload_conf()")
        # The server tells its sessions before it takes another one, and they read it before their next statement.
        self.wait_until(f"current_setting('default_transaction_read_only')::bool = {refuse}")

    @contextmanager
    def held(self, table: str) -> Iterator[None]:
        """Whoever comes to the table waits for as long as the block lasts, or until this server is gone."""
        holder = psycopg.connect(self.server.conninfo)
        try:
            holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            yield
        finally:
            holder.close()

    def wait_until_somebody_waits(self) -> None:
        """Somebody is in the middle of a transaction, where it goes no further, when this returns."""
        self.wait_until("EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")

    def wait_until(self, condition: str) -> None:
        """Return once this is so for whoever enters the server."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is(condition):
            assert time.monotonic() < deadline, f"it does not come about: {condition}"
            time.sleep(0.02)

    def _freeze(self, process: psutil.Process) -> None:
        process.suspend()
        self._frozen.append(process)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
            assert time.monotonic() < deadline, f"process {process.pid} does not freeze"
            time.sleep(0.001)

    def _is(self, condition: str) -> bool:
        with psycopg.connect(self.server.conninfo) as newcomer:
            (found,) = newcomer.execute(f"SELECT {condition}".encode()).fetchone() or (False,)
            return bool(found)

    def _control(self, action: str, *options: str) -> None:
        waiting = ["-w", "-t", str(PATIENCE_SECONDS)]
        command = [str(self.server.binaries / "pg_ctl"), action, *waiting, "-D", str(self.server.data), *options]
        subprocess.run(command, check=True, user=self._owner, cwd=self.server.data, stdout=subprocess.DEVNULL)


class BreakableCache:
    """A Redis server that loses everything when it is stopped."""

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self.server: Cache = start_cache(directory)

    def stop(self) -> None:
        """It is gone when this returns."""
        self._directory.stop("cache")

    def start(self) -> None:
        """It takes connections when this returns, and is empty."""
        start_cache(self._directory, port=self.server.port)

    def freeze(self) -> None:
        """It keeps its connections and takes new ones, but answers nobody."""
        self._process().suspend()

    def thaw(self) -> None:
        """It answers again."""
        self._process().resume()

    def _process(self) -> psutil.Process:
        return psutil.Process(self._directory.process_id("cache"))


@pytest.fixture
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunDirectory]:
    """Where a test's own servers run."""
    directory = RunDirectory(tmp_path_factory.mktemp("own"))
    yield directory
    directory.stop_all()


@pytest.fixture
def breakable_postgres(own_servers: RunDirectory) -> Iterator[BreakablePostgres]:
    """A PostgreSQL that only this test uses."""
    server = BreakablePostgres(start_postgres(own_servers, durable=False))
    yield server
    server.thaw()
    server.stop("immediate")


@pytest.fixture
def breakable_cache(own_servers: RunDirectory) -> BreakableCache:
    """A Redis that only this test uses."""
    return BreakableCache(own_servers)
