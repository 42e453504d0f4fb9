"""The zones of the lake as policies name them."""

from __future__ import annotations

from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from retail_constructs.compliance import acknowledge_wildcard

RAW = "raw/*"
# Without a slash: Spark on Glue leaves markers named `curated_$folder$`.
CURATED = "curated*"
QUARANTINE = "quarantine*"


def acknowledge_zones(scope: IConstruct, bucket: s3.IBucket) -> None:
    """Accept, once for all in `scope`, that roles read or write whole zones of the lake."""
    for zone in (RAW, CURATED, QUARANTINE):
        acknowledge_wildcard(
            scope,
            bucket.arn_for_objects(zone),
            because="Objects have names of dates and ids, so a zone is the narrowest there is. Each role reads or "
            "writes the zones of its task only, and the lake keeps older versions of what was written over.",
        )
