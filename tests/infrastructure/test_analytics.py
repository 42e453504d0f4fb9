"""Rows P17 and P21: the catalog follows the lake, and one dashboard shows everything."""

from __future__ import annotations

import json

from tests.infrastructure.synthesis import Synthesized

PREFIXES = ("raw/orders/", "raw/inventory/", "raw/products/")


def test_each_prefix_has_its_crawler_and_the_trigger_knows_it(platform: Synthesized) -> None:
    crawlers = platform.resources("AWS::Glue::Crawler")
    (trigger,) = platform.properties("AWS::Lambda::Function", "Analytics")
    known = json.dumps(trigger["Environment"]["Variables"]["CRAWLERS"])

    paths = [json.dumps(crawler["Properties"]["Targets"]["S3Targets"][0]["Path"]) for crawler in crawlers.values()]
    assert [any(prefix in path for path in paths) for prefix in PREFIXES] == [True] * 3
    assert all(prefix in known for prefix in PREFIXES)
    assert all(logical_id in known for logical_id in crawlers)


def test_trigger_may_start_these_crawlers_only(platform: Synthesized) -> None:
    (statement,) = [
        statement
        for policy in platform.properties("AWS::IAM::Policy", "Analytics")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "glue:StartCrawler"
    ]

    assert len(statement["Resource"]) == len(PREFIXES)
    assert all("crawler/" in json.dumps(resource) for resource in statement["Resource"])


def test_new_raw_objects_of_the_lake_are_what_triggers(platform: Synthesized) -> None:
    rule = platform.only("AWS::Events::Rule", "Analytics")

    assert "EventBusName" not in rule, "S3 publishes on the default bus"
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "raw/"}]}
    assert "Lake" in json.dumps(rule["EventPattern"]["detail"]["bucket"])


def test_dashboard_has_every_figure_of_the_row(platform: Synthesized) -> None:
    body = json.dumps(platform.only("AWS::CloudWatch::Dashboard")["DashboardBody"])

    for metric in (
        "RequestCount",
        "HTTPCode_Target_5XX_Count",
        "TargetResponseTime",
        "CPUUtilization",
        "HealthyHostCount",
        "ServerlessDatabaseCapacity",
        "DatabaseConnections",
        "CacheHits",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "Errors",
    ):
        assert metric in body, metric
