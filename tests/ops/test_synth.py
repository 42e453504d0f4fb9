"""The synthesis command says what is wrong in one line and leaves an honest exit code."""

from __future__ import annotations

import pytest

from ops import synth


def test_an_unknown_environment_is_one_line_that_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert synth.main(["nowhere"]) == 1
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert "'nowhere'" in error
    assert all(known in error for known in ("dev", "staging", "prod"))


def test_without_an_environment_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert synth.main([]) == 2
    assert "Example" in capsys.readouterr().err
