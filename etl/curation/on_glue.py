"""A run on Glue: its context, its bookmark, its Spark that knows S3."""

from __future__ import annotations

import boto3

from curation.aws import GlueCatalog, Metrics
from curation.job import Curation
from curation.lake import BucketLake
from curation.sources import GlueSource


def run(arguments: list[str]) -> None:
    """Curate what the job's bookmark has not seen."""
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions
    from pyspark.context import SparkContext

    options = getResolvedOptions(arguments, ["JOB_NAME", "lake", "database", "metrics"])
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(options["JOB_NAME"], options)
    lake = BucketLake(boto3.client("s3"), options["lake"])
    curation = Curation(
        glue.spark_session,
        lake,
        GlueCatalog(boto3.client("glue"), options["database"]),
        Metrics(boto3.client("cloudwatch"), options["metrics"]),
    )
    curation.run(GlueSource(glue, job, lake.uri))
