"""The nightly job on the deployed platform: its own script, library, arguments and role, over what the shop made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from local.etl import run_nightly_job
from local.run_directory import LocalError
from tests.platform.deployed import Deployed, eventually
from tests.platform.placed import Placed

BROKEN = "raw/orders/date=2026-11-20/broken.json"


def test_p18_job_makes_tables_of_what_the_shop_did_once(platform: Deployed, order: Placed, tmp_path: Path) -> None:
    glue, s3 = platform.emulator.client("glue"), platform.emulator.client("s3")
    (job,) = glue.get_jobs()["Jobs"]
    bucket, database = job["DefaultArguments"]["--lake"], job["DefaultArguments"]["--database"]
    eventually(lambda: _keys(s3, bucket, "raw/orders/"))
    s3.put_object(Bucket=bucket, Key=BROKEN, Body=b'{"event_id": ')

    first = run_nightly_job(platform.emulator)
    again = run_nightly_job(platform.emulator)

    assert first is not None
    assert first["curated"] > 0
    assert _reasons(s3, bucket, BROKEN, tmp_path) == ["is no single JSON object with an event_id"]
    assert first["read"] == first["curated"] + first["duplicates"] + first["quarantined"]
    assert again is None or again["curated"] + again["duplicates"] == again["read"]  # the shop goes on meanwhile
    assert _keys(s3, bucket, "quarantine/date=2026-11-20/")
    days = glue.get_partitions(DatabaseName=database, TableName="curated_orders")["Partitions"]
    folders = {key.rpartition("/")[0] for key in _keys(s3, bucket, "curated/orders/")}
    assert {day["StorageDescriptor"]["Location"].rstrip("/") for day in days} == {f"s3://{bucket}/{f}" for f in folders}
    assert not _keys(s3, bucket, "curated/_staging/")


def test_p18_one_run_works_at_a_time_and_says_so_to_whoever_starts_another(platform: Deployed) -> None:
    with ThreadPoolExecutor() as pool:
        first = pool.submit(run_nightly_job, platform.emulator)
        eventually(lambda: _processes(platform))
        with pytest.raises(LocalError, match="runs already"):
            run_nightly_job(platform.emulator)
        first.result()


def test_p18_job_that_is_killed_says_so_and_the_next_one_reads_all(platform: Deployed, order: Placed) -> None:
    with ThreadPoolExecutor() as pool:
        killed = pool.submit(run_nightly_job, platform.emulator)
        (process,) = eventually(lambda: _processes(platform))
        process.kill()
        with pytest.raises(LocalError, match=r"killed \(SIGKILL\)"):
            killed.result()

    account = run_nightly_job(platform.emulator)

    assert account is None or account["unaccounted"] == 0


@pytest.mark.parametrize("rebuild", ["garbage", "2026-13-01", "2026-11-20;2026-11-21"])
def test_p18_what_cannot_be_rebuilt_is_told_before_anything_starts(platform: Deployed, rebuild: str) -> None:
    with pytest.raises(LocalError, match="--rebuild takes days such as 2026-11-20, separated by commas, or quarantine"):
        run_nightly_job(platform.emulator, rebuild=rebuild)


def _processes(platform: Deployed) -> list[psutil.Process]:
    """The jobs that work on this platform's lake."""
    (job,) = platform.emulator.client("glue").get_jobs()["Jobs"]
    bucket = job["DefaultArguments"]["--lake"]
    return [each for each in psutil.process_iter(["cmdline"]) if bucket in (each.info["cmdline"] or ())]


def _reasons(s3: Any, bucket: str, key: str, scratch: Path) -> list[str]:
    """Why records of this object are in quarantine; other tests put events there, too."""
    for number, name in enumerate(_keys(s3, bucket, "quarantine/")):
        s3.download_file(bucket, name, str(scratch / f"{number}.parquet"))
    asked = f"SELECT reason FROM read_parquet('{scratch}/*.parquet') WHERE object = ?"  # noqa: S608  (our own text)
    return [reason for (reason,) in duckdb.execute(asked, [key]).fetchall()]


def _keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
