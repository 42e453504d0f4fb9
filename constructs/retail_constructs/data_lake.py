"""The lake: raw events in, curated tables out."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.compliance import acknowledge_wildcard
from retail_constructs.log_bucket import BUCKET_LOGS, removal_policy

RAW_PREFIXES = ("raw/orders/", "raw/inventory/", "raw/products/")


class DataLake(Construct):
    """A private, versioned bucket under `key`, reachable over TLS only, that tells EventBridge of every new object.

    Raw objects move to cheaper classes after 30 and 90 days; results of queries go after 30. Objects outlive the stack
    where `durable`. Who reads and writes is logged to `access_logs`.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, access_logs: s3.IBucket, durable: bool) -> None:
        super().__init__(scope, id)
        self._key = key
        self.bucket = s3.Bucket(
            self,
            "Default",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,  # one call to the key per bucket and day instead of one per object
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="raw/",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS, transition_after=Duration.days(30)
                        ),
                        s3.Transition(
                            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(90)
                        ),
                    ],
                ),
                s3.LifecycleRule(prefix="athena-results/", expiration=Duration.days(30)),
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=Duration.days(30),
                ),
            ],
            removal_policy=removal_policy(durable=durable),
            auto_delete_objects=not durable,
        )
        resource = cast(s3.CfnBucket, self.bucket.node.default_child)
        # The L2's switch would configure this by a custom resource with a function of its own.
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        # The L2 would have to change the policy of the log bucket, which is an earlier stack's and admits every bucket.
        resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=access_logs.bucket_name, log_file_prefix=f"{BUCKET_LOGS}lake/"
        )

    def allow_writes(self, role: iam.IRole, prefix: str) -> None:
        """Let `role` put objects under `prefix` (`raw/`), and nothing else; the policy lands where the role is."""
        objects = self.bucket.arn_for_objects(f"{prefix}*")
        role.add_to_principal_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=[objects]))
        self._key.grant(role, "kms:GenerateDataKey", "kms:Decrypt")
        acknowledge_wildcard(
            role,
            objects,
            because="Objects are named by event id; the statement covers one prefix, and writing only.",
        )
