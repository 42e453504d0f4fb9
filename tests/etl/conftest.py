"""One Spark for all tests of the job, lakes of a test's own, and events as the shop makes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from curation.here import session
from curation.job import configure
from tests.etl.lakes import TestLake


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A real Spark of two threads; starting it takes seconds, so all tests share it."""
    os.environ.setdefault("TZ", "America/New_York")  # results must not depend on where the machine is
    # A few rows at a time: compiling costs a hundred times what it saves.
    spark = session(tmp_path_factory.mktemp("spark"), memory="2g", cores="2", java="-XX:TieredStopAtLevel=1")
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    configure(spark)
    yield spark
    spark.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> TestLake:
    """An empty lake in a folder, and the job over it."""
    return TestLake(spark, tmp_path / "lake")
