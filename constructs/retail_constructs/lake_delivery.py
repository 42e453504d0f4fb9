"""The shop's events on their way from the bus into the lake, whoever handles them or not."""

from __future__ import annotations

import jsii
from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk.interfaces.aws_events import IRuleRef
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.data_lake import RAW_PREFIXES, DataLake
from retail_constructs.event_bus import SOURCE_PREFIX, RetailEventBus
from retail_constructs.function import retention

ERRORS = "quarantine/delivery/"
LATE_AFTER_SECONDS = 15 * 60
_LARGEST_OBJECT_MEGABYTES = 64
_KEPT_TRYING = events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=86400, maximum_retry_attempts=185)


class LakeDelivery(Construct):
    """Every event of the shop lies in the lake, as the bus carried it, within `gathered_for` and a minute.

    One stream for each raw prefix: gzip, an event a line, in the folder of the day on which it was delivered (UTC); the
    nightly job moves late events to their own day. What a stream cannot take waits with the bus's dead letters; what it
    cannot deliver it tries again for a day, and a person is called after 15 minutes.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bus: RetailEventBus,
        lake: DataLake,
        key: kms.IKey,
        gathered_for: Duration,
        log_days: int,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._lake, self._key, self._gathered_for, self._log_days = lake, key, gathered_for, log_days
        self._writer = self._delivering_role()
        self._sender = iam.Role(self, "SenderRole", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        self.streams = {prefix: self._stream(prefix) for prefix in RAW_PREFIXES}
        self._sender.add_to_policy(
            iam.PolicyStatement(
                actions=["firehose:PutRecord", "firehose:PutRecordBatch"],
                resources=[stream.delivery_stream_arn for stream in self.streams.values()],
            )
        )
        for prefix, stream in self.streams.items():
            rule = events.Rule(
                self,
                f"{name_of(prefix)}Rule",
                event_bus=bus.bus,
                event_pattern=events.EventPattern(
                    source=events.Match.prefix(SOURCE_PREFIX), detail_type=_detail_types(prefix)
                ),
                targets=[_Stream(stream, self._sender, bus)],
            )
            bus.take_dead_letters_of(rule)
            HeardAlarm(
                self,
                f"{name_of(prefix)}LateAlarm",
                metric=self.age_of_oldest_event(prefix),
                threshold=LATE_AFTER_SECONDS,
                description=f"Events do not reach {prefix}: read the delivery's log; nothing is lost for a day",
                runbook="lake-delivery-is-late",
                topic=alarm_topic,
            )

    def age_of_oldest_event(self, prefix: str) -> cloudwatch.Metric:
        """Seconds that the oldest event of the prefix has been waiting for its object."""
        return self.streams[prefix].metric("DeliveryToS3.DataFreshness", statistic="max", period=Duration.minutes(5))

    def delivered_events(self, prefix: str) -> cloudwatch.Metric:
        """Events of the prefix that have reached the lake."""
        return self.streams[prefix].metric("DeliveryToS3.Records", statistic="sum")

    def _delivering_role(self) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        self._lake.allow_delivery(role, "raw/", ERRORS)
        return role

    def _stream(self, prefix: str) -> firehose.DeliveryStream:
        log_group = logs.LogGroup(
            self,
            f"{name_of(prefix)}Logs",
            encryption_key=self._key,
            retention=retention(self._log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        log_group.grant_write(self._writer)
        folder = "date=!{timestamp:yyyy-MM-dd}/"
        stream = firehose.DeliveryStream(
            self,
            name_of(prefix),
            encryption=firehose.StreamEncryption.customer_managed_key(self._key),
            role=self._writer.without_policy_updates(),
            destination=firehose.S3Bucket(
                self._lake.bucket,
                role=self._writer.without_policy_updates(),  # it would get reading and deleting of the whole lake
                encryption_key=self._key,
                data_output_prefix=f"{prefix}{folder}",
                error_output_prefix=f"{ERRORS}!{{firehose:error-output-type}}/{folder}",
                compression=firehose.Compression.GZIP,
                buffering_interval=self._gathered_for,
                buffering_size=Size.mebibytes(_LARGEST_OBJECT_MEGABYTES),
                processors=[firehose.AppendDelimiterToRecordProcessor()],
                logging_config=firehose.EnableLogging(log_group),
            ),
        )
        stream.node.add_dependency(self._writer)  # its policy, too: Firehose tries the role when the stream is made
        return stream


@jsii.implements(events.IRuleTarget)
class _Stream:
    """A stream as a rule's target; CDK's own knows neither retries nor dead letters."""

    def __init__(self, stream: firehose.IDeliveryStream, role: iam.IRole, bus: RetailEventBus) -> None:
        self._stream, self._role, self._bus = stream, role, bus

    def bind(self, _rule: IRuleRef, _id: str | None = None) -> events.RuleTargetConfig:
        """The whole event, untouched: an input transformer escapes nothing, and one quote would break the line."""
        return events.RuleTargetConfig(
            arn=self._stream.delivery_stream_arn,
            role=self._role,
            retry_policy=_KEPT_TRYING,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._bus.dead_letter_queue.queue_arn),
        )


def name_of(prefix: str) -> str:
    """`Orders` for `raw/orders/`."""
    return prefix.strip("/").split("/")[-1].capitalize()


def _detail_types(prefix: str) -> list[str]:
    """What belongs under a prefix; `raw/orders/` takes all that no other does, so nothing new is lost."""
    others = {"raw/inventory/": "Inventory", "raw/products/": "ProductChanged"}
    if prefix in others:
        return events.Match.prefix(others[prefix])
    return events.Match.anything_but_prefix(*others.values())
