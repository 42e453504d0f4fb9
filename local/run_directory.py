"""What was started on this machine, kept on disk so that a crash leaves nothing unknown behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 120.0  # what takes one on an idle machine may take twenty on one that also runs a browser and Spark
_SECONDS_TO_DIE = 30.0


class LocalError(Exception):
    """What went wrong on this machine and what to do about it, in one line."""


class StartedProcess(BaseModel):
    """One process group; `created` (see `created_at`) tells it from a stranger that got the same process id later.

    `farewell` is the signal that asks it to end, and `patience` for how many seconds it may take to.
    """

    name: str
    pid: int
    created: float
    farewell: int = signal.SIGTERM
    patience: float = 10

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        try:
            return self._is_as_old() and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def stop(self) -> None:
        """Ends the process and its group: asks first, kills after `patience` seconds. Safe to call twice.

        Nothing of the group runs when this returns, unless the kernel takes half a minute to end what was killed.
        """
        if not self._is_ours():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, self.farewell)
        deadline = time.monotonic() + self.patience
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        deadline = time.monotonic() + _SECONDS_TO_DIE
        while any(_runs_in_group(process, self.pid) for process in psutil.process_iter()):
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)

    def _is_ours(self) -> bool:
        """Whether the process id means this process, running or not: its group may outlive it."""
        try:
            return self._is_as_old()
        except psutil.NoSuchProcess:
            return True

    def _is_as_old(self) -> bool:
        return abs(created_at(self.pid) - self.created) < 0.5


def created_at(pid: int) -> float:
    """When the process began, in seconds, by a clock that nobody sets. Raises psutil.NoSuchProcess.

    Linux notes the time since the boot. psutil adds the time of the boot, which moves whenever the clock is set, as it
    is by each machine that was halted.
    """
    began = psutil.Process(pid).create_time()
    return began - psutil.boot_time() if psutil.LINUX else began


def _runs_in_group(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


class Contents(BaseModel):
    """What `stop_all` has to undo, in the order in which it came to be."""

    processes: list[StartedProcess] = []
    directories: list[Path] = []
    facts: dict[str, str] = {}


class RunDirectory:
    """A directory that knows which processes run from it, across crashes of whoever started them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path / "state.json"
        self._contents = Contents.model_validate_json(self._file.read_text()) if self._file.exists() else Contents()

    @property
    def facts(self) -> Mapping[str, str]:
        """What was noted with `note`: ports, addresses, places."""
        return self._contents.facts

    def note(self, **facts: str) -> None:
        """Keeps facts for later runs."""
        self._contents.facts.update(facts)
        self._save()

    def is_running(self, *names: str) -> bool:
        """Whether processes of all these names run."""
        return set(names) <= {process.name for process in self._contents.processes if process.is_alive()}

    def process_id(self, name: str) -> int:
        """The process of that name; raises LocalError when none was started."""
        for process in self._contents.processes:
            if process.name == name:
                return process.pid
        raise LocalError(f"{name} was never started from {self.path}")

    def is_used(self) -> bool:
        """Whether anything was started or made here that has not been undone."""
        return bool(self._contents.processes or self._contents.directories)

    def log(self, name: str) -> Path:
        """Where the output of the process of that name goes."""
        return self.path / "logs" / f"{name}.log"

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        ready: Callable[[], bool],
        user: int | None = None,
        seconds: float = SECONDS_TO_START,
        farewell: signal.Signals = signal.SIGTERM,
        patience: float = 10,
    ) -> None:
        """Starts a command in a session of its own and waits until it is ready.

        `stop` will send it `farewell` and give it `patience` seconds to end by itself.
        Raises LocalError when it ends at once or is not ready after `seconds`.
        """
        self.log(name).parent.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as output:
            started = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT if user is None else tempfile.gettempdir(),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                extra_groups=None if user is None else [],
            )
        process = StartedProcess(
            name=name, pid=started.pid, created=created_at(started.pid), farewell=farewell, patience=patience
        )
        self._contents.processes.append(process)
        self._save()
        deadline = time.monotonic() + seconds
        while True:
            is_ready = ready()
            if not process.is_alive():  # whoever answers then is a stranger
                raise LocalError(f"{name} ended at once: {self._last_line(name)} (all of it: {self.log(name)})")
            if is_ready:
                return
            if time.monotonic() > deadline:
                raise LocalError(f"{name} was not ready after {seconds:.0f} s; see {self.log(name)}")
            time.sleep(0.05)

    def stop(self, name: str) -> None:
        """Stops the process of that name, if it runs."""
        for process in self._contents.processes:
            if process.name == name:
                process.stop()
        self._contents.processes = [process for process in self._contents.processes if process.name != name]
        self._save()

    def temporary_directory(self, owner: int | None) -> Path:
        """A new directory outside the checkout that belongs to `owner` and goes with `stop_all`."""
        directory = Path(tempfile.mkdtemp(prefix="retail-"))
        self._contents.directories.append(directory)
        self._save()
        if owner is not None:
            os.chown(directory, owner, -1)
        return directory

    def stop_all(self) -> list[str]:
        """Stops everything, last started first, and removes its data; the logs stay. Returns what was stopped."""
        running = [process.name for process in self._contents.processes if process.is_alive()]
        for process in reversed(self._contents.processes):
            process.stop()
        for directory in self._contents.directories:
            shutil.rmtree(directory, ignore_errors=True)
        self._file.unlink(missing_ok=True)
        self._contents = Contents()
        return running

    def _save(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".new")
        draft.write_text(self._contents.model_dump_json(indent=2))
        draft.replace(self._file)

    def _last_line(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on, and that for a minute only a server that names it can get.

    The end of a connection that its server closed first lingers on the port for that long: the kernel leaves it out
    where a program asks for any port, and gives it to one that asks for this one with SO_REUSEADDR, as servers do.
    """
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port: int = server.getsockname()[1]
        client.connect(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        return port


def is_listening(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1 at this port."""
    with socket.socket() as probe:
        probe.settimeout(10)
        return probe.connect_ex(("127.0.0.1", port)) == 0
