"""Where lies what could not be delivered or done."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from retail_constructs.alarm import HeardAlarm

KEPT_DAYS = 14  # row P15


def dead_letters_of(
    scope: Construct, *, key: kms.IKey, description: str, runbook: str, alarm_topic: sns.ITopic
) -> sqs.Queue:
    """A dead-letter queue of `scope`: encrypted with `key`, kept for 14 days, and its first message calls a person."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=Duration.days(KEPT_DAYS),
        removal_policy=RemovalPolicy.DESTROY,
    )
    HeardAlarm(
        scope,
        "DeadLetterAlarm",
        metric=queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="max"),
        threshold=1,
        description=description,
        runbook=runbook,
        topic=alarm_topic,
    )
    return queue
