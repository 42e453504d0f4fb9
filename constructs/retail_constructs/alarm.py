"""An alarm that somebody hears."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

RUNBOOKS = "docs/runbooks.md"


class HeardAlarm(cloudwatch.Alarm):
    """Publishes to `topic` when `metric` reaches `threshold` in `periods` periods running; silence is no alarm.

    `description` tells the person who is woken what happened and what to look at, `runbook` where it says what to do:
    under which heading of docs/runbooks.md.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        metric: cloudwatch.IMetric,
        threshold: float,
        description: str,
        runbook: str,
        topic: sns.ITopic,
        periods: int = 1,
    ) -> None:
        super().__init__(
            scope,
            id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            alarm_description=_with_runbook(description, runbook),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.add_alarm_action(actions.SnsAction(topic))


class LifeSignAlarm(cloudwatch.Alarm):
    """Publishes to `topic` when `metric` says less than `least`, or nothing at all, in `periods` periods running.

    `description` and `runbook` are what they are for a `HeardAlarm`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        metric: cloudwatch.IMetric,
        least: float,
        description: str,
        runbook: str,
        topic: sns.ITopic,
        periods: int = 1,
    ) -> None:
        super().__init__(
            scope,
            id,
            metric=metric,
            threshold=least,
            evaluation_periods=periods,
            alarm_description=_with_runbook(description, runbook),
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        self.add_alarm_action(actions.SnsAction(topic))


def _with_runbook(description: str, runbook: str) -> str:
    return f"{description}. What to do: {RUNBOOKS}#{runbook}"
