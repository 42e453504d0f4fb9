"""The load generator reports what a server did, and refuses to report on errors."""

from __future__ import annotations

import sys

import pytest

from bench.load import drive, served

FOLDER_LISTING = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}", "--directory", "docs")


def test_load_is_what_the_server_answered() -> None:
    with served(FOLDER_LISTING) as address:
        load = drive(address, seconds=3, connections=2)

    assert load.requests_per_second > 0
    assert 0 <= load.p50_milliseconds <= load.p99_milliseconds


def test_errors_are_no_figures() -> None:
    with served(FOLDER_LISTING) as address, pytest.raises(RuntimeError, match="answered 0 requests"):
        drive(f"{address}/nothing-here", seconds=1, connections=2)


def test_a_server_that_does_not_start_says_why() -> None:
    command = (sys.executable, "-c", "raise SystemExit('no licence')")
    with pytest.raises(RuntimeError, match="no licence"), served(command):
        pass
