"""A bucket for data of the platform: every one of them as closed as the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.log_bucket import BUCKET_LOGS, removal_policy


class PrivateBucket(s3.Bucket):
    """Private, versioned, under `key`, reached over TLS 1.2 at least; who reads and writes is logged to `access_logs`.

    Versions that were written over go after 30 days, markers of deleted objects when no version is left, uploads
    that were given up after 7 days. Objects outlive the stack where `durable`. `log_name` tells this bucket's lines
    from the others'.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        key: kms.IKey,
        access_logs: s3.IBucket,
        log_name: str,
        durable: bool,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
    ) -> None:
        super().__init__(
            scope,
            id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,  # one call to the key per bucket and day instead of one per object
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                *lifecycle_rules,
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=Duration.days(30),
                    expired_object_delete_marker=True,
                ),
            ],
            removal_policy=removal_policy(durable=durable),
            auto_delete_objects=not durable,
        )
        # The L2 would change the policy of the log bucket, which may be an earlier stack's and admits every bucket.
        self.resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=access_logs.bucket_name, log_file_prefix=f"{BUCKET_LOGS}{log_name}/"
        )

    @property
    def resource(self) -> s3.CfnBucket:
        """The bucket as CloudFormation knows it, for what the L2 has no argument for."""
        return cast(s3.CfnBucket, self.node.default_child)
