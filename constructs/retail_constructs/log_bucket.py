"""Where AWS services write access logs, and what happens to data when its stack goes."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.compliance import acknowledge, in_packs


def removal_policy(*, durable: bool) -> RemovalPolicy:
    """What happens to data when its stack goes: kept where data is meant to last, gone with the stack elsewhere."""
    return RemovalPolicy.RETAIN if durable else RemovalPolicy.DESTROY


class LogBucket(Construct):
    """A private bucket for access logs, kept `days`: those of S3, or with `edge_logs` of CloudFront and load balancers.

    Encrypted by S3's own keys: neither load balancers nor S3's access logging can write under a customer's key.
    """

    def __init__(self, scope: Construct, id: str, *, days: int, durable: bool, edge_logs: bool = False) -> None:
        super().__init__(scope, id)
        self.bucket = s3.Bucket(
            self,
            "Default",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            # CloudFront's standard logging writes by ACL.
            object_ownership=(
                s3.ObjectOwnership.OBJECT_WRITER if edge_logs else s3.ObjectOwnership.BUCKET_OWNER_ENFORCED
            ),
            lifecycle_rules=[
                s3.LifecycleRule(expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(1))
            ],
            removal_policy=removal_policy(durable=durable),
            auto_delete_objects=not durable,
        )
        acknowledge(
            self.bucket,
            *in_packs("S3BucketReplicationEnabled", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            *in_packs("S3DefaultEncryptionKMS", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="S3 and load balancers write access logs under S3-managed keys only; what expires soon lies "
            "versioned over three zones, private, and is read over TLS only.",
        )
        if edge_logs:  # the packs know a bucket that S3 logs to, and let it be
            acknowledge(
                self.bucket,
                "AwsSolutions-S1",
                *in_packs("S3BucketLoggingEnabled", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
                because="Access logs of the front door end here; logging who writes the log would not end.",
            )
