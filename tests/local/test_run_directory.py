"""Whatever was started can be stopped, also by somebody who did not start it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from local.run_directory import LocalError, RunDirectory, StartedProcess, created_at, free_port, is_listening

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A parent that ignores being asked to stop, with a child of its own.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    f"subprocess.Popen({SLEEP!r}); time.sleep(600)",
]


def children_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def pid_of(run: RunDirectory, name: str) -> int:
    return next(process.pid for process in run._contents.processes if process.name == name)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "run")


def test_processes_of_a_crashed_run_are_stopped_by_the_next(run: RunDirectory) -> None:
    run.start("sleeper", SLEEP, os.environ, ready=lambda: True)
    after_the_crash = RunDirectory(run.path)
    assert after_the_crash.is_running("sleeper")
    assert after_the_crash.stop_all() == ["sleeper"]
    assert not run.is_running("sleeper")


def test_children_of_a_stopped_process_are_stopped_too(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    run.start("parent", STUBBORN, os.environ, ready=lambda: True, patience=0.2)
    pid = pid_of(run, "parent")
    deadline = time.monotonic() + 60
    while not (children := children_of(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children
    run.stop("parent")
    assert not any(map(runs, children))


def test_a_stranger_with_the_same_process_id_is_left_alone(run: RunDirectory) -> None:
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    an_hour_ago = created_at(stranger.pid) - 3600
    StartedProcess(name="sleeper", pid=stranger.pid, created=an_hour_ago).stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_process_is_known_again_after_the_clock_was_set(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    run.start("sleeper", SLEEP, os.environ, ready=lambda: True)
    booted = psutil.boot_time()
    monkeypatch.setattr("psutil._psplatform.boot_time", lambda: booted + 7)
    assert run.is_running("sleeper")
    assert run.stop_all() == ["sleeper"]


def test_a_stranger_that_answers_for_a_process_that_ended_is_not_taken_for_it(run: RunDirectory) -> None:
    def stranger_answers() -> bool:
        return not runs(psutil.Process(pid_of(run, "late")))

    with pytest.raises(LocalError, match="the port is taken"):
        run.start(
            "late",
            [sys.executable, "-c", "raise SystemExit('the port is taken')"],
            os.environ,
            ready=stranger_answers,
        )
    run.stop_all()


def test_a_process_that_ends_at_once_is_an_error_with_its_last_words(run: RunDirectory) -> None:
    with pytest.raises(LocalError, match="cannot go on"):
        run.start(
            "failing", [sys.executable, "-c", "raise SystemExit('cannot go on')"], os.environ, ready=lambda: False
        )
    run.stop_all()


def test_a_process_that_never_gets_ready_is_an_error(run: RunDirectory) -> None:
    with pytest.raises(LocalError, match="not ready after"):
        run.start("slow", SLEEP, os.environ, ready=lambda: False, seconds=0.2)
    assert run.stop_all() == ["slow"]


def test_stopping_removes_temporary_directories_and_may_be_repeated(run: RunDirectory) -> None:
    directory = run.temporary_directory(owner=None)
    assert run.is_used()
    run.stop_all()
    assert not directory.exists()
    assert run.stop_all() == []
    assert not run.is_used()


def test_a_free_port_is_one_nothing_listens_on() -> None:
    assert not is_listening(free_port())


def test_a_free_port_is_kept_for_the_server_that_names_it() -> None:
    port = free_port()
    with socket.socket() as program, socket.socket() as server:
        with pytest.raises(OSError, match="in use"):
            program.bind(("127.0.0.1", port))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        assert is_listening(port)
