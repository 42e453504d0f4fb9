"""The nightly job, now: started through Glue's API on the embedded platform, as its schedule would on AWS."""

from __future__ import annotations

import json
import time
from typing import Any

from local.emulator import Emulator
from local.run_directory import LocalError

_RUNS = "curated/_runs/"


def run_nightly_job(emulator: Emulator, *, rebuild: str = "") -> dict[str, Any] | None:
    """Run the deployed job to its end; the account of what it read, None when nothing was new.

    `rebuild` is what it makes anew: days separated by commas, or `quarantine`.

    Raises LocalError where that is none of these, when the job runs already, and with its own words when it fails.
    """
    if rebuild:
        _check(rebuild)
    glue, s3 = emulator.client("glue"), emulator.client("s3")
    (job,) = glue.get_jobs()["Jobs"]
    bucket = job["DefaultArguments"]["--lake"]
    before = _runs(s3, bucket)
    arguments = {"--rebuild": rebuild} if rebuild else {}
    try:
        run = glue.start_job_run(JobName=job["Name"], Arguments=arguments)["JobRunId"]
    except glue.exceptions.ConcurrentRunsExceededException as busy:
        raise LocalError("The nightly job runs already: wait until it has ended, then start it again.") from busy
    while (state := glue.get_job_run(JobName=job["Name"], RunId=run)["JobRun"])["JobRunState"] in {
        "STARTING",
        "RUNNING",
    }:
        time.sleep(0.5)
    if state["JobRunState"] != "SUCCEEDED":
        raise LocalError(f"The nightly job ended as {state['JobRunState']}: {state.get('ErrorMessage', '')}")
    new = sorted(_runs(s3, bucket) - before)
    if not new:
        return None
    account: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=new[-1])["Body"].read())
    return account


def _check(rebuild: str) -> None:
    from curation.rebuild import days_of  # it brings Arrow along, which takes a while

    try:
        days_of(rebuild)
    except ValueError as wrong:
        raise LocalError(str(wrong)) from wrong


def _runs(s3: Any, bucket: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_RUNS)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}
