"""Whatever was started can be stopped, also by somebody who did not start it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from local.run_directory import LocalError, RunDirectory, StartedProcess, free_port, is_listening

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
    deadline = time.monotonic() + 10
    while not (children := children_of(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children
    run.stop("parent")
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert gone
    assert not alive


def test_a_stranger_with_the_same_process_id_is_left_alone(run: RunDirectory) -> None:
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    an_hour_ago = psutil.Process(stranger.pid).create_time() - 3600
    StartedProcess(name="sleeper", pid=stranger.pid, created=an_hour_ago).stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


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
