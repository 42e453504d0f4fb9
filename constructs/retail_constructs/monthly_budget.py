"""What an environment may cost, and who hears of it when it costs more."""

from __future__ import annotations

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

# Of the budget, in per cent: spent, and expected for the whole month.
SPENT_PERCENT, FORECAST_PERCENT = 80, 100


class MonthlyBudget(Construct):
    """Tells `topic` when 80 % of `dollars` are spent, and as soon as the month's forecast goes beyond them.

    It counts everything in the account, for an environment has an account of its own.
    """

    def __init__(self, scope: Construct, id: str, *, dollars: int, topic: sns.ITopic) -> None:
        super().__init__(scope, id)
        budgets.CfnBudget(
            self,
            "Default",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                _notification("ACTUAL", SPENT_PERCENT, topic),
                _notification("FORECASTED", FORECAST_PERCENT, topic),
            ],
        )


def _notification(kind: str, percent: int, topic: sns.ITopic) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type=kind,
            comparison_operator="GREATER_THAN",
            threshold=percent,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)],
    )
