"""The lake: raw events in, curated tables out."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.compliance import acknowledge_wildcard
from retail_constructs.private_bucket import PrivateBucket

RAW_PREFIXES = ("raw/orders/", "raw/inventory/", "raw/products/")


class DataLake(Construct):
    """A private bucket that tells EventBridge of every new object.

    Raw objects move to cheaper classes after 30 and 90 days; results of queries go after 30.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, access_logs: s3.IBucket, durable: bool) -> None:
        super().__init__(scope, id)
        self._key = key
        self.bucket = PrivateBucket(
            self,
            "Default",
            key=key,
            access_logs=access_logs,
            log_name="lake",
            durable=durable,
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
            ],
        )
        # The L2's switch would configure this by a custom resource with a function of its own.
        self.bucket.resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
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

    def allow_delivery(self, role: iam.IRole, *prefixes: str) -> None:
        """Let Firehose's `role` deliver under `prefixes`: what its documentation lists, objects of these prefixes only.

        Large objects are uploaded in parts; Firehose looks at the bucket and at uploads that it began before. What it
        asks of the bucket names no prefix (`HeadBucket` is one of these), so no condition narrows it.
        """
        objects = [self.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
        for actions, resources in (
            (["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], objects),
            (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [self.bucket.bucket_arn]),
        ):
            role.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=resources))
        self._key.grant(role, "kms:GenerateDataKey", "kms:Decrypt")
        for resource in objects:
            acknowledge_wildcard(
                role,
                resource,
                because="Firehose names its objects by stream and time; the statement covers what it delivers to.",
            )
