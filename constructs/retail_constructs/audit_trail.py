"""Who did what: every call of AWS's APIs, and every object read or written in the lake."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.function import retention
from retail_constructs.private_bucket import PrivateBucket

_Selector = cloudtrail.CfnTrail.AdvancedEventSelectorProperty
_Field = cloudtrail.CfnTrail.AdvancedFieldSelectorProperty


class AuditTrail(Construct):
    """A trail over all regions whose files are chained by digests, so that a changed or missing one shows.

    Kept `days` in a bucket under `key` and, to be searched, in a log group. `data_buckets` are prefixes of bucket
    names whose objects' reads and writes are recorded too: prefixes, because the trail is there before the buckets are.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        key: kms.IKey,
        access_logs: s3.IBucket,
        data_buckets: list[str],
        days: int,
        durable: bool,
    ) -> None:
        super().__init__(scope, id)
        self._arn = Stack.of(self).format_arn(service="cloudtrail", resource="trail", resource_name=name)
        self.bucket = self._bucket(key, access_logs, days=days, durable=durable)
        self.log_group = logs.LogGroup(
            self, "Logs", encryption_key=key, retention=retention(days), removal_policy=RemovalPolicy.DESTROY
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("cloudtrail.amazonaws.com"))
        self.log_group.grant_write(role)
        trail = cloudtrail.CfnTrail(
            self,
            "Default",
            trail_name=name,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            s3_bucket_name=self.bucket.bucket_name,
            kms_key_id=key.key_arn,
            cloud_watch_logs_log_group_arn=self.log_group.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            advanced_event_selectors=[
                _Selector(name="Management", field_selectors=[_Field(field="eventCategory", equal_to=["Management"])]),
                _Selector(
                    name="Objects",
                    field_selectors=[
                        _Field(field="eventCategory", equal_to=["Data"]),
                        _Field(field="resources.type", equal_to=["AWS::S3::Object"]),
                        _Field(
                            field="resources.ARN",
                            starts_with=[f"arn:{Aws.PARTITION}:s3:::{name}" for name in data_buckets],
                        ),
                    ],
                ),
            ],
        )
        trail.node.add_dependency(self.bucket, role)

    def _bucket(self, key: kms.IKey, access_logs: s3.IBucket, *, days: int, durable: bool) -> s3.Bucket:
        bucket = PrivateBucket(
            self,
            "Bucket",
            key=key,
            access_logs=access_logs,
            log_name="trail",
            durable=durable,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(days))],
        )
        for sid, action, resource in (
            ("TrailLooks", "s3:GetBucketAcl", bucket.bucket_arn),
            ("TrailWrites", "s3:PutObject", bucket.arn_for_objects(f"AWSLogs/{Aws.ACCOUNT_ID}/*")),
        ):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
                    actions=[action],
                    resources=[resource],
                    conditions={"StringEquals": {"aws:SourceArn": self._arn}},
                )
            )
        return bucket
