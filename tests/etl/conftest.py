"""Lakes of a test's own, and the job over them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from curation.buckets import BucketLake
from curation.lake import DirectoryLake, Lake
from tests.etl.emulator import Emulator, running
from tests.etl.lakes import TestLake


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> TestLake:
    """An empty lake in a folder, and the job over it."""
    return TestLake(spark, tmp_path / "lake")


_numbers = count()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """S3 and Glue of this machine."""
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture
def bucket(aws: Emulator) -> str:
    """The name of an empty bucket."""
    name = f"lake-{next(_numbers)}"
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    return name


@pytest.fixture(params=["folder", "bucket"])
def any_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake, of either kind."""
    if request.param == "folder":
        return DirectoryLake(tmp_path)
    aws, name = request.getfixturevalue("aws"), request.getfixturevalue("bucket")
    return BucketLake(aws.client("s3"), name)
