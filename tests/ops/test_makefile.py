"""What `make` is given arrives as it is, and what it cannot do yet it says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ops.synth import ROOT

# Whatever make or a shell would read: variables, quotes, commands, a comment, a line's end.
SQL = """-- How many
SELECT count(*) AS "how many", '$HOME $$ `date` $(date) \\ it''s' FROM quarantine # ;"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is set up, whose Python prints each argument that it is given and a NUL."""
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    python.chmod(0o755)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make there as from a shell, with nothing to set up."""
    command = ["make", "PYTHON=true", *arguments]
    environment = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def given(checkout: Path, *arguments: str) -> list[str]:
    """The arguments that Python gets from make."""
    return make(checkout, *arguments).stdout.split("\0")[:-1]


def test_sql_arrives_whole(checkout: Path) -> None:
    assert given(checkout, "ask", f"QUERY={SQL}")[-2:] == ["--", SQL]


def test_without_a_query_there_is_none(checkout: Path) -> None:
    assert given(checkout, "ask")[-2:] == ["--", ""]


def test_answer_is_json_where_that_is_asked_for(checkout: Path) -> None:
    assert "--json" in given(checkout, "ask", "JSON=1")
    assert "--json" not in given(checkout, "ask")


def test_days_to_make_anew_may_be_written_with_spaces(checkout: Path) -> None:
    days = "2026-11-20, 2026-11-21"
    assert given(checkout, "etl", f"REBUILD={days}") == ["-m", "local", "etl", "--rebuild", days]
    assert given(checkout, "etl") == ["-m", "local", "etl"]


def test_code_of_an_account_arrives_whole(checkout: Path) -> None:
    assert "`7ZBK4 $M20XW`" in given(checkout, "staff", "CODE=`7ZBK4 $M20XW`")


@pytest.mark.parametrize("target", ["ask", "status", "staff"])
def test_before_the_set_up_a_question_is_answered_with_what_to_do(checkout: Path, target: str) -> None:
    shutil.rmtree(checkout / ".venv")

    done = make(checkout, target)

    assert done.returncode != 0
    assert "start it with `make up`" in done.stderr
    assert "No such file" not in done.stderr
