"""Whether those who come through a load balancer are served: what wakes somebody, at night's traffic and at noon's."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm

FEWEST_ERRORS = 3  # in five minutes: below, a share says nothing
MOST_PERCENT = 5


def watch_targets(
    scope: Construct, balancer: elb.ApplicationLoadBalancer, targets: elb.ApplicationTargetGroup, topic: sns.ITopic
) -> None:
    """Alarms on many errors, on a large share of errors however few ask, and on tasks that are not healthy."""
    minute = Duration.minutes(1)
    HeardAlarm(
        scope,
        "ErrorAlarm",
        metric=targets.metrics.http_code_target(elb.HttpCodeTarget.TARGET_5XX_COUNT, period=minute, statistic="sum"),
        threshold=10,
        description="The storefront answers with 5xx; read its log group",
        runbook="many-errors",
        topic=topic,
        periods=3,
    )
    HeardAlarm(
        scope,
        "ErrorShareAlarm",
        metric=_share_of_errors(balancer, targets),
        threshold=MOST_PERCENT,
        description="Many of the few who are here get a 5xx, from the storefront or because no task takes them",
        runbook="large-share-of-errors",
        topic=topic,
        periods=2,
    )
    HeardAlarm(
        scope,
        "UnhealthyAlarm",
        metric=targets.metrics.unhealthy_host_count(period=minute, statistic="max"),
        threshold=1,
        description="A task of the storefront fails its health check; read the service's events and log group",
        runbook="unhealthy-task",
        topic=topic,
        periods=5,
    )


def errors_in_a_minute(
    balancer: elb.ApplicationLoadBalancer, targets: elb.ApplicationTargetGroup
) -> cloudwatch.MathExpression:
    """What customers get as 5xx, from a task, or from the load balancer when no task takes them."""
    return cloudwatch.MathExpression(
        expression="FILL(tasks, 0) + FILL(balancer, 0)",
        using_metrics={
            "tasks": targets.metrics.http_code_target(elb.HttpCodeTarget.TARGET_5XX_COUNT, statistic="sum"),
            "balancer": balancer.metrics.http_code_elb(elb.HttpCodeElb.ELB_5XX_COUNT, statistic="sum"),
        },
        label="answers with 5xx",
        period=Duration.minutes(1),
    )


def _share_of_errors(
    balancer: elb.ApplicationLoadBalancer, targets: elb.ApplicationTargetGroup
) -> cloudwatch.MathExpression:
    """Percent of five minutes' requests; what the load balancer refused itself reached no task and is counted apart."""
    period = Duration.minutes(5)
    errors = "(FILL(ours, 0) + FILL(balancers, 0))"
    return cloudwatch.MathExpression(
        expression=f"IF({errors} >= {FEWEST_ERRORS}, 100 * {errors} / (FILL(taken, 0) + FILL(balancers, 0)), 0)",
        using_metrics={
            "ours": targets.metrics.http_code_target(elb.HttpCodeTarget.TARGET_5XX_COUNT, statistic="sum"),
            "balancers": balancer.metrics.http_code_elb(elb.HttpCodeElb.ELB_5XX_COUNT, statistic="sum"),
            "taken": balancer.metrics.request_count(statistic="sum"),
        },
        label="share of 5xx (%)",
        period=period,
    )
