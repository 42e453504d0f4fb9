"""The platform's customer-managed key and its whole policy."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from retail_constructs.event_bus import BUS_NAME

_ENCRYPT_AND_DECRYPT = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
]
# What may publish to the alarm topic, and the name of its statement in the key's policy.
ALARMING_SERVICES = {
    "cloudwatch.amazonaws.com": "Alarms",
    "budgets.amazonaws.com": "Budgets",
    "events.amazonaws.com": "AlarmingRules",
}
_SEND_ENCRYPTED = ["kms:Decrypt", "kms:GenerateDataKey"]


class DataKey(Construct):
    """A key rotated every year, whose policy names every AWS service that uses it on its own behalf.

    Aurora, ElastiCache, S3 and Secrets Manager use it on behalf of a caller, who needs the grant in IAM; only
    services that act for themselves stand here, each limited to this account and to what it encrypts. The policy is
    whole: later stacks import the key by ARN and never change it.
    """

    def __init__(self, scope: Construct, id: str, *, description: str, removal: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(self, "Default", description=description, enable_key_rotation=True, removal_policy=removal)
        stack = Stack.of(self)
        self._allow_service(
            f"logs.{stack.region}.amazonaws.com",
            "CloudWatchLogs",
            actions=_ENCRYPT_AND_DECRYPT,
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                        service="logs",
                        resource="log-group",
                        resource_name="*",
                        arn_format=ArnFormat.COLON_RESOURCE_NAME,
                    )
                }
            },
        )

    def allow_events_and_alarms(self) -> None:
        """Let the bus and its archive encrypt, rules write to encrypted queues, and alarms to encrypted topics."""
        stack = Stack.of(self)
        bus = stack.format_arn(service="events", resource="event-bus", resource_name=BUS_NAME)
        same_account = {"aws:SourceAccount": Aws.ACCOUNT_ID}
        self._allow_service(
            "events.amazonaws.com",
            "EventBus",
            actions=[*_SEND_ENCRYPTED, "kms:ReEncryptFrom", "kms:ReEncryptTo"],
            conditions={"StringEquals": {"kms:EncryptionContext:aws:events:event-bus:arn": bus}},
        )
        # Describing a key has no encryption context to limit it by, and tells nothing about data.
        self._allow_service("events.amazonaws.com", "DescribeForEvents", actions=["kms:DescribeKey"])
        queues = stack.format_arn(service="sqs", resource="retail-*")
        topics = stack.format_arn(service="sns", resource="retail-*")
        to_queues = {"kms:EncryptionContext:aws:sqs:arn": queues}
        to_topics = {"kms:EncryptionContext:aws:sns:topicArn": topics}
        for service, sid, what in (
            ("events.amazonaws.com", "EventRules", to_queues),
            ("sns.amazonaws.com", "UndeliveredNotifications", to_queues),
            *((service, sid, to_topics) for service, sid in ALARMING_SERVICES.items()),
        ):
            # The context names our account, too. Of a rule's account KMS hears nothing (SNS guide, key management):
            # a condition on it would refuse every event.
            source = {} if service == "events.amazonaws.com" else {"StringEquals": same_account}
            self._allow_service(service, sid, actions=_SEND_ENCRYPTED, conditions={**source, "ArnLike": what})

    def allow_edge_and_trail(self) -> None:
        """Let CloudFront read what the site's bucket holds, and CloudTrail write its files."""
        stack = Stack.of(self)
        same_account = {"aws:SourceAccount": Aws.ACCOUNT_ID}
        distributions = stack.format_arn(service="cloudfront", region="", resource="distribution", resource_name="*")
        self._allow_service(
            "cloudfront.amazonaws.com",
            "SiteFiles",
            actions=["kms:Decrypt"],
            conditions={
                "ArnLike": {
                    "aws:SourceArn": distributions,
                    "kms:EncryptionContext:aws:s3:arn": stack.format_arn(
                        service="s3", region="", account="", resource="retail-*"
                    ),
                }
            },
        )
        self._allow_service(
            "cloudtrail.amazonaws.com",
            "AuditTrail",
            actions=["kms:GenerateDataKey"],
            conditions={
                "StringEquals": same_account,
                "ArnLike": {
                    "kms:EncryptionContext:aws:cloudtrail:arn": stack.format_arn(
                        service="cloudtrail", region="*", resource="trail", resource_name="*"
                    )
                },
            },
        )
        self._allow_service("cloudtrail.amazonaws.com", "DescribeForTrail", actions=["kms:DescribeKey"])

    def _allow_service(
        self, principal: str, sid: str, *, actions: list[str], conditions: dict[str, dict[str, str]] | None = None
    ) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(principal)],
                actions=actions,
                resources=["*"],  # in a key policy: this key
                conditions=conditions,
            )
        )
