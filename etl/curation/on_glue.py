"""A run on Glue: its context, its bookmark's switch, its Spark that knows S3."""

from __future__ import annotations

import boto3

from curation.aws import GlueCatalog, Metrics
from curation.buckets import BucketLake, s3
from curation.job import Curation
from curation.rebuild import NOTHING, Rebuild
from curation.sources import Bookmark, RawObjects


def run(arguments: list[str]) -> None:
    """Curate what the ledger does not know; Glue's own bookmark is moved when that is published, and only then."""
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions
    from pyspark.context import SparkContext

    wanted = ["rebuild"] if "--rebuild" in arguments else []
    options = getResolvedOptions(arguments, ["JOB_NAME", "lake", "database", "metrics", *wanted])
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(options["JOB_NAME"], options)
    lake = BucketLake(s3(), options["lake"])
    curation = Curation(
        glue.spark_session,
        lake,
        GlueCatalog(boto3.client("glue"), options["database"]),
        Metrics(boto3.client("cloudwatch"), options["metrics"]),
    )
    source = RawObjects(lake, Bookmark(options["job_bookmark_option"]))
    curation.run(source, Rebuild.of(options["rebuild"], lake) if wanted else NOTHING)
    job.commit()
