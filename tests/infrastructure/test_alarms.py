"""Who is woken, by what, and where it says what to do."""

from __future__ import annotations

import json
import re

from retail_constructs.alarm import RUNBOOKS
from tests.infrastructure.synthesis import ROOT, Synthesized, Template


def alarms(platform: Synthesized, name: str, stack: str) -> list[Template]:
    return [
        found["Properties"]
        for logical_id, found in platform.resources("AWS::CloudWatch::Alarm", stack).items()
        if name in logical_id
    ]


def headings() -> set[str]:
    return set(re.findall(r"^### (.+)$", (ROOT / RUNBOOKS).read_text(), re.MULTILINE))


def test_every_alarm_names_what_to_do(platform: Synthesized) -> None:
    for alarm in platform.properties("AWS::CloudWatch::Alarm"):
        _, _, heading = alarm["AlarmDescription"].partition(f"What to do: {RUNBOOKS}#")
        assert heading in headings(), f"{alarm['AlarmDescription']}: write its paragraph"


def test_every_runbook_is_for_an_alarm(prod: Synthesized) -> None:
    described = " ".join(alarm["AlarmDescription"] for alarm in prod.properties("AWS::CloudWatch::Alarm"))
    for heading in headings() - {"experiment-noticed"}:  # of an option that is off
        assert f"#{heading}" in described, f"no alarm leads to {heading}: take its paragraph out"


def test_a_large_share_of_errors_calls_a_person_however_few_ask(prod: Synthesized) -> None:
    shares = alarms(prod, "ErrorShareAlarm", "Ingress")
    for alarm in shares:
        (expression,) = [query for query in alarm["Metrics"] if "Expression" in query]
        counted = {
            query["Id"]: query["MetricStat"]["Metric"]["MetricName"]
            for query in alarm["Metrics"]
            if "MetricStat" in query
        }
        periods = {query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query}
        assert counted == {
            "ours": "HTTPCode_Target_5XX_Count",
            "balancers": "HTTPCode_ELB_5XX_Count",
            "taken": "RequestCount",
        }
        assert periods == {300}
        assert expression["Expression"].startswith("IF((FILL(ours, 0) + FILL(balancers, 0)) >= 3, 100 * ")
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (5, 2)
    assert len(shares) == 2


def test_tasks_that_are_not_healthy_call_a_person_behind_either_load_balancer(prod: Synthesized) -> None:
    watched = [json.dumps(alarm["Dimensions"]) for alarm in alarms(prod, "UnhealthyAlarm", "Ingress")]

    assert len(watched) == 2
    assert len(set(watched)) == 2


def test_e8_stock_that_becomes_low_calls_a_person(platform: Synthesized) -> None:
    (low,) = alarms(platform, "StockLow", "Events")

    assert (low["Namespace"], low["MetricName"], low["Threshold"]) == ("RetailPlatform", "StockLow", 1)
    assert low["Dimensions"] == [{"Name": "service", "Value": "inventory-handler"}]


def test_customers_who_cannot_order_call_a_person(platform: Synthesized) -> None:
    (refused,) = alarms(platform, "CheckoutsRefused", "Application")
    (relay,) = alarms(platform, "OutboxRelay", "Application")

    assert (refused["Namespace"], refused["MetricName"]) == ("RetailPlatform", "CheckoutsRefused")
    assert (refused["Threshold"], refused["Period"], refused["Statistic"]) == (3, 900, "Sum")
    assert (relay["Namespace"], relay["MetricName"]) == ("RetailPlatform", "OutboxRelayFailures")
    assert refused["Dimensions"] == relay["Dimensions"] == [{"Name": "service", "Value": "storefront"}]
