"""Lakes of a test's own, and the job over them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.etl.lakes import TestLake


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> TestLake:
    """An empty lake in a folder, and the job over it."""
    return TestLake(spark, tmp_path / "lake")
