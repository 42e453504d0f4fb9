"""Where AWS services write access logs, and what happens to data when its stack goes."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.compliance import acknowledge, in_packs

LOAD_BALANCER_LOGS = "alb"
CLOUDFRONT_LOGS = "cloudfront/"
BUCKET_LOGS = "s3/"


def removal_policy(*, durable: bool) -> RemovalPolicy:
    """What happens to data when its stack goes: kept where data is meant to last, gone with the stack elsewhere.

    What a first deployment made that then failed goes in either case: it is empty, and its name would stop the second.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if durable else RemovalPolicy.DESTROY


class LogBucket(Construct):
    """A private bucket for the access logs of CloudFront, load balancers and buckets, kept `days`.

    Encrypted by S3's own keys: neither load balancers nor S3's access logging can write under a customer's key.
    Load balancers and buckets of this account may write from any stack, below prefixes of their own.
    """

    def __init__(self, scope: Construct, id: str, *, days: int, durable: bool) -> None:
        super().__init__(scope, id)
        self.bucket = s3.Bucket(
            self,
            "Default",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_ownership=s3.ObjectOwnership.OBJECT_WRITER,  # CloudFront's standard logging writes by ACL
            lifecycle_rules=[
                s3.LifecycleRule(expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(1))
            ],
            removal_policy=removal_policy(durable=durable),
            auto_delete_objects=not durable,
        )
        self._admit("LoadBalancerLogs", "logdelivery.elasticloadbalancing.amazonaws.com", f"{LOAD_BALANCER_LOGS}/")
        self._admit("BucketLogs", "logging.s3.amazonaws.com", BUCKET_LOGS)
        acknowledge(
            self.bucket,
            *in_packs("S3DefaultEncryptionKMS", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="S3 and load balancers write access logs under S3-managed keys only; the bucket is private, read "
            "over TLS only, and empties itself.",
        )

    def _admit(self, sid: str, service: str, prefix: str) -> None:
        """By service name and for this account: the L2s name an account of AWS, or the bucket of a later stack."""
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{prefix}*")],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
