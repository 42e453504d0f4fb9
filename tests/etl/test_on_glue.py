"""The job as Glue starts it: only Glue's own library is played, S3, catalog and metrics are an emulator's."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from pyspark.sql import SparkSession

from curation import on_glue
from curation.accounting import UnaccountedError
from curation.buckets import MirroredLake
from curation.staging import Staging
from curation.tables import CURATED
from tests.etl.emulator import Emulator
from tests.etl.lakes import placed, raw

pytestmark = pytest.mark.slow

TABLES = [table.catalog_name for table in CURATED.values()] + ["quarantine"]


class Glue:
    """Glue's library, as far as the job uses it, and the bookmark behind it."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self.said: list[str] = []
        self.at_commit: Callable[[], Any] = lambda: None

    def modules(self) -> dict[str, ModuleType]:
        """The modules that Glue has installed."""
        said, spark, glue = self.said, self._spark, self

        class Context:
            def __init__(self, _context: Any) -> None:
                self.spark_session = spark

        class Job:
            def __init__(self, _context: Context) -> None:
                """Glue's has the context."""

            def init(self, name: str, options: dict[str, str]) -> None:
                said.append(f"init {name} {options['job_bookmark_option']}")

            def commit(self) -> None:
                said.append(f"commit {glue.at_commit()}")

        def resolved(arguments: list[str], names: list[str]) -> dict[str, str]:
            given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
            options = {name: given[f"--{name}"] for name in names}
            return options | {"job_bookmark_option": given["--job-bookmark-option"]}

        modules = {
            name: ModuleType(name) for name in ("awsglue", *(f"awsglue.{n}" for n in ("context", "job", "utils")))
        }
        modules["awsglue.context"].__dict__["GlueContext"] = Context
        modules["awsglue.job"].__dict__["Job"] = Job
        modules["awsglue.utils"].__dict__["getResolvedOptions"] = resolved
        return modules


class Night:
    """A bucket, its catalog, and the job that Glue starts over it."""

    def __init__(self, glue: Glue, aws: Emulator, bucket: str) -> None:
        self.glue, self.bucket, self.database = glue, bucket, bucket.replace("-", "_")
        self._s3, self._catalog = aws.client("s3"), aws.client("glue")
        self._cloudwatch = aws.client("cloudwatch")
        self._catalog.create_database(DatabaseInput={"Name": self.database})
        for name in TABLES:
            storage = {"Columns": [], "Location": f"s3://{bucket}/{name}/"}
            self._catalog.create_table(
                DatabaseName=self.database, TableInput={"Name": name, "StorageDescriptor": storage}
            )

    def put(self, key: str, *records: dict[str, Any] | str) -> None:
        """Put a raw object of these records, a line each."""
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        self._s3.put_object(Bucket=self.bucket, Key=key, Body="".join(f"{line}\n" for line in lines).encode())

    def run(self, *more: str) -> None:
        """Start the job with the arguments of the deployment."""
        given = {"JOB_NAME": "etl", "lake": self.bucket, "database": self.database, "metrics": self.bucket}
        arguments = [part for name, value in given.items() for part in (f"--{name}", value)]
        on_glue.run(["curate.py", *arguments, "--job-bookmark-option", "job-bookmark-enable", *more])

    def accounts(self) -> list[dict[str, Any]]:
        """What was published, run by run."""
        stored = self._s3.list_objects_v2(Bucket=self.bucket, Prefix="curated/_runs/").get("Contents", [])
        return [json.loads(self._s3.get_object(Bucket=self.bucket, Key=s["Key"])["Body"].read()) for s in stored]

    def counted(self) -> dict[str, float]:
        """What CloudWatch was told, all runs together."""
        names = [each["MetricName"] for each in self._cloudwatch.list_metrics(Namespace=self.bucket)["Metrics"]]
        now = datetime.now(UTC)
        asked = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1), "Period": 7200}
        found = {
            name: self._cloudwatch.get_metric_statistics(
                Namespace=self.bucket, MetricName=name, Statistics=["Sum"], **asked
            )["Datapoints"]
            for name in names
        }
        return {name: sum(point["Sum"] for point in points) for name, points in found.items()}

    def days(self, table: str) -> list[str]:
        """The days that readers know of."""
        found = self._catalog.get_partitions(DatabaseName=self.database, TableName=table)["Partitions"]
        return [each["Values"][0] for each in found]


@pytest.fixture
def night(spark: SparkSession, aws: Emulator, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """A night on Glue; the Spark of this machine reads S3 through a mirror, Glue's by itself."""
    glue = Glue(spark)
    for name, module in glue.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(boto3, "client", aws.client)
    monkeypatch.setattr(on_glue, "BucketLake", lambda client, name: MirroredLake(client, name, tmp_path))
    return Night(glue, aws, bucket)


def test_night_publishes_what_is_new_and_moves_the_bookmark_afterwards(night: Night) -> None:
    night.put("raw/orders/date=2026-11-20/a.json", raw(placed()), "", "  ", raw(placed()))
    night.put("raw/orders/date=2026-11-20/b.json.gz", "no gzip at all")
    night.glue.at_commit = lambda: f"after {len(night.accounts())} runs"

    night.run()
    night.put("raw/orders/date=2026-11-20/c.json", raw(placed()))
    night.run()
    night.run()  # nothing is new

    assert [(a["read"], a["curated"], a["quarantined"]) for a in night.accounts()] == [(3, 2, 1), (1, 1, 0)]
    assert night.days("curated_orders") == ["2026-11-20"]
    began = "init etl job-bookmark-enable"
    assert night.glue.said == [began, "commit after 1 runs", began, "commit after 2 runs", began, "commit after 2 runs"]


def test_night_counts_what_became_of_each_record(night: Night) -> None:
    now = datetime.now(UTC)
    event = raw(placed(), occurred_at=now)
    in_an_hour = raw(placed(), occurred_at=now + timedelta(hours=1))
    night.put("raw/orders/a.json", event, event, event, event, in_an_hour, in_an_hour, "{", "[", "no event")
    night.put("raw/inventory/b.json", raw(placed(), occurred_at=now))

    night.run()

    assert night.counted() == {
        "RecordsRead": 10,
        "RecordsCurated": 3,
        "RecordsDuplicated": 4,
        "RecordsQuarantined": 3,
        "RecordsMisplaced": 1,
        "RecordsAhead": 2,
        "RecordsUnaccounted": 0,
    }


def test_night_that_fails_leaves_the_bookmark_where_it_was(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.put("raw/orders/date=2026-11-20/a.json", raw(placed()), raw(placed()))
    packed = Staging._packed
    monkeypatch.setattr(Staging, "_packed", lambda *of: [each for each in packed(*of) if each.table != "orders"])
    with pytest.raises(UnaccountedError):
        night.run()
    assert night.glue.said == ["init etl job-bookmark-enable"]
    assert night.counted()["RecordsUnaccounted"] == 2
    assert night.accounts() == []
    monkeypatch.setattr(Staging, "_packed", packed)

    night.run("--rebuild", "2026-11-20")

    assert [(a["read"], a["curated"]) for a in night.accounts()] == [(2, 2)]
