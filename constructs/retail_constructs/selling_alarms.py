"""Whether the shop sells, as the storefront itself counts it: a page that loads is no order yet."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm


class SellingAlarms(Construct):
    """Calls a person when customers who want to order cannot, and when orders do not leave the storefront."""

    def __init__(self, scope: Construct, id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, id)
        HeardAlarm(
            self,
            "CheckoutsRefusedAlarm",
            metric=_told_by_the_storefront("CheckoutsRefused", Duration.minutes(15)),
            threshold=3,  # one customer who tries, and tries again
            description="Customers cannot order, for reasons of ours: payments, the database or the cache",
            runbook="checkouts-refused",
            topic=topic,
        )
        HeardAlarm(
            self,
            "OutboxRelayAlarm",
            metric=_told_by_the_storefront("OutboxRelayFailures", Duration.minutes(1)),
            threshold=10,  # a failing relay tries each second
            description="The storefront cannot publish the outbox: orders are confirmed and nothing happens with them",
            runbook="outbox-relay-fails",
            topic=topic,
            periods=5,
        )


def _told_by_the_storefront(name: str, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="RetailPlatform",
        metric_name=name,
        dimensions_map={"service": "storefront"},
        period=period,
        statistic="sum",
    )
