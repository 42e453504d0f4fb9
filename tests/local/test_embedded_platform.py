"""What is in the way of `make up` is told before anything starts; what fails later leaves nothing running."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

import local.platform
from local.platform import Detail, EmbeddedPlatform
from local.run_directory import ROOT, LocalError, free_port
from ops.synth import SynthesisError

Usage = namedtuple("Usage", "total used free")


@contextmanager
def unexpected(name: str) -> Iterator[Detail]:
    """A step that must not be reached."""
    raise AssertionError(f"{name} was begun")
    yield lambda _detail: None


@contextmanager
def quiet(_name: str) -> Iterator[Detail]:
    yield lambda _detail: None


@pytest.fixture
def platform(tmp_path: Path) -> EmbeddedPlatform:
    return EmbeddedPlatform(tmp_path / "run")


def test_a_taken_port_is_told_with_the_way_to_take_another(platform: EmbeddedPlatform) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} is taken.*make up PORT={port + 1}"):
            platform.up(port, unexpected)


def test_a_running_platform_is_left_alone_when_the_port_is_taken(platform: EmbeddedPlatform) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    for name in ("postgres", "cache", "tls", "emulator", "storefront"):
        platform.run.start(name, sleeper, os.environ, ready=lambda: True)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with pytest.raises(LocalError, match="is taken"):
            platform.up(stranger.getsockname()[1], unexpected)
    assert all(platform.status().values())
    platform.down()


def test_a_full_disk_is_told(platform: EmbeddedPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10, 10, 0.2e9))
    with pytest.raises(LocalError, match=r"0\.2 GB free"):
        platform.up(free_port(), unexpected)


def test_two_at_once_in_one_place_are_refused(platform: EmbeddedPlatform) -> None:
    with platform._alone(), pytest.raises(LocalError, match="at work"):
        platform.up(free_port(), unexpected)


def test_a_failed_synthesis_starts_nothing(
    platform: EmbeddedPlatform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @contextmanager
    def fails(_environment: str) -> Iterator[Path]:
        raise SynthesisError("a finding")
        yield tmp_path

    monkeypatch.setattr(local.platform, "synthesized", fails)
    with pytest.raises(SynthesisError, match="a finding"):
        platform.up(free_port(), quiet)
    assert not platform.run.is_used()


def test_what_fails_after_servers_started_stops_them(
    platform: EmbeddedPlatform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assembly = tmp_path / "assembly"
    assembly.mkdir()
    monkeypatch.setattr(local.platform, "synthesized", lambda _environment: nullcontext(assembly))
    monkeypatch.setattr(local.emulator, "_PYTHON", tmp_path / "absent")
    with pytest.raises(LocalError, match="make setup"):
        platform.up(free_port(), quiet)
    assert not platform.run.is_used()
    assert not any(platform.status().values())


def test_the_command_line_tells_what_is_wrong_in_one_line_and_fails() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        command = [sys.executable, "-m", "local", "up", "--port", str(stranger.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "is taken" in done.stderr


def test_a_command_for_a_platform_that_does_not_run_is_told_how_to_start_it(platform: EmbeddedPlatform) -> None:
    with pytest.raises(LocalError, match="make up"):
        platform.emulator()
