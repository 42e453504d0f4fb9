"""Glue jobs that run: the deployed script and library, with the job's role, on Spark from the project's environment.

The emulator says of each run that it succeeded, and does nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from ministack.services import glue

from local.launcher.role_sessions import RoleRefusedError, RoleSession, assume

_PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"
_OURS = ("--lake", "--database", "--metrics", "--job-bookmark-option", "--rebuild")  # the rest is for Glue itself
_TOLD = 2000  # characters of an error that Glue keeps


def run_glue_jobs() -> None:
    """From now on `StartJobRun` starts the job, and its state is what became of it."""
    glue._is_spark_job = lambda _job: False  # such jobs would be taken for done without Docker
    glue._execute_subprocess = _run
    start = glue._start_job_run
    glue._start_job_run = lambda asked: _refusal(asked.get("JobName")) or start(asked)


def _refusal(name: str) -> Any:
    """What Glue answers when as many runs of a job are under way as it may have; the emulator starts any number."""
    most = glue._jobs.get(name, {}).get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
    under_way = [run for run in glue._job_runs.get(name, []) if run["JobRunState"] in {"STARTING", "RUNNING"}]
    if len(under_way) < most:
        return None
    return glue.error_response_json("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}", 400)


def _run(run: dict[str, Any], job: dict[str, Any], arguments: dict[str, str], _script: str) -> None:
    try:
        session = assume(job["Role"], "glue.amazonaws.com")
        with tempfile.TemporaryDirectory(prefix="glue-") as directory:
            done = subprocess.run(
                _command(job, arguments, session, Path(directory)),
                env={**_environment(session), "PYTHONPATH": _library(arguments, session, Path(directory))},
                capture_output=True,
                text=True,
                timeout=job.get("Timeout", 60) * 60,
                check=False,
            )
        run["ErrorMessage"] = _why(done)
        run["JobRunState"] = "FAILED" if done.returncode else "SUCCEEDED"  # last: who waits for it reads the message
    except subprocess.TimeoutExpired:
        run["JobRunState"] = "TIMEOUT"
    except (RoleRefusedError, ClientError, BotoCoreError, OSError) as problem:
        run["ErrorMessage"] = str(problem)[:_TOLD]
        run["JobRunState"] = "FAILED"


def _why(done: subprocess.CompletedProcess[str]) -> str:
    """Why a job failed, nothing if it did not; of what it said the end, for that is where the reason is."""
    if done.returncode < 0:
        return (
            f"it was killed ({signal.Signals(-done.returncode).name}), perhaps because memory ran out; start it again: "
            "nothing is lost, and what it had begun to publish is completed"
        )
    return done.stderr.strip()[-_TOLD:] if done.returncode else ""


def _command(job: dict[str, Any], arguments: dict[str, str], session: RoleSession, directory: Path) -> list[str]:
    script = _fetch(job["Command"]["ScriptLocation"], session, directory)
    return [str(_PYTHON), script, *(part for name in _OURS if name in arguments for part in (name, arguments[name]))]


def _library(arguments: dict[str, str], session: RoleSession, directory: Path) -> str:
    files = arguments.get("--extra-py-files", "")
    return os.pathsep.join(_fetch(location, session, directory) for location in files.split(",") if location)


def _fetch(location: str, session: RoleSession, directory: Path) -> str:
    """Download `s3://bucket/key` with the job's own role."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    target = directory / Path(key).name
    client = boto3.client(
        "s3",
        endpoint_url=_endpoint(),
        aws_access_key_id=session.key,
        aws_secret_access_key=session.secret,
        aws_session_token=session.token,
    )
    target.write_bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    return str(target)


def _endpoint() -> str:
    return f"https://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def _environment(session: RoleSession) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_ACCESS", "AWS_SECRET"))}
    return {
        **kept,
        "AWS_ENDPOINT_URL": _endpoint(),
        "AWS_ACCESS_KEY_ID": session.key,
        "AWS_SECRET_ACCESS_KEY": session.secret,
        "AWS_SESSION_TOKEN": session.token,
        "AWS_DEFAULT_REGION": os.environ["MINISTACK_REGION"],
    }
