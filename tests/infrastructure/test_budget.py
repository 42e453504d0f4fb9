"""Each environment has a budget, and somebody hears of it."""

from __future__ import annotations

import json

from environments import ENVIRONMENTS
from tests.infrastructure.synthesis import Synthesized


def test_budget_is_the_environments_and_tells_the_alarm_topic(platform: Synthesized) -> None:
    budget = platform.only("AWS::Budgets::Budget")
    told = {
        (subscribed["Notification"]["NotificationType"], subscribed["Notification"]["Threshold"])
        for subscribed in budget["NotificationsWithSubscribers"]
    }

    assert budget["Budget"]["BudgetLimit"] == {
        "Amount": ENVIRONMENTS[platform.name].operations.monthly_budget,
        "Unit": "USD",
    }
    assert told == {("ACTUAL", 80), ("FORECASTED", 100)}
    assert "Alarms" in json.dumps(budget["NotificationsWithSubscribers"])


def test_budgets_may_publish_to_the_encrypted_topic(platform: Synthesized) -> None:
    topic = json.dumps(platform.properties("AWS::SNS::TopicPolicy", "Security"))
    key = json.dumps(platform.properties("AWS::KMS::Key", "Security"))

    assert "budgets.amazonaws.com" in topic
    assert "budgets.amazonaws.com" in key
