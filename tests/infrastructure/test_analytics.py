"""Rows P17, P19 and P21: the catalog follows the lake, analysts can ask, and one dashboard shows everything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infrastructure.synthesis import STACKS, Synthesized

PREFIXES = ("raw/orders/", "raw/inventory/", "raw/products/")


def trigger_of(platform: Synthesized) -> dict[str, Any]:
    """The function that starts crawlers."""
    functions = platform.properties("AWS::Lambda::Function", "Analytics")
    return next(function for function in functions if function["Handler"].startswith("crawler_trigger."))


def test_p17_each_prefix_has_its_crawler_and_the_trigger_knows_it(platform: Synthesized) -> None:
    crawlers = platform.resources("AWS::Glue::Crawler")
    known = json.dumps(trigger_of(platform)["Environment"]["Variables"]["CRAWLERS"])

    paths = [json.dumps(crawler["Properties"]["Targets"]["S3Targets"][0]["Path"]) for crawler in crawlers.values()]
    assert [any(prefix in path for path in paths) for prefix in PREFIXES] == [True] * 3
    assert all(prefix in known for prefix in PREFIXES)
    assert all(logical_id in known for logical_id in crawlers)


def test_p17_trigger_may_start_these_crawlers_only(platform: Synthesized) -> None:
    (statement,) = [
        statement
        for policy in platform.properties("AWS::IAM::ManagedPolicy", "Analytics")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "glue:StartCrawler"
    ]

    assert len(statement["Resource"]) == len(PREFIXES)
    assert all("crawler/" in json.dumps(resource) for resource in statement["Resource"])


def test_p17_new_raw_objects_of_the_lake_are_what_triggers(platform: Synthesized) -> None:
    (rule,) = [
        rule
        for rule in platform.properties("AWS::Events::Rule", "Analytics")
        if rule["EventPattern"]["source"] == ["aws.s3"]
    ]

    assert "EventBusName" not in rule, "S3 publishes on the default bus"
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "raw/"}]}
    assert "Lake" in json.dumps(rule["EventPattern"]["detail"]["bucket"])


def test_p17_what_crawlers_and_jobs_write_is_encrypted(platform: Synthesized) -> None:
    security = platform.only("AWS::Glue::SecurityConfiguration")["EncryptionConfiguration"]
    users = [*platform.properties("AWS::Glue::Crawler"), *platform.properties("AWS::Glue::Job")]

    assert set(security) == {"CloudWatchEncryption", "JobBookmarksEncryption", "S3Encryptions"}
    assert json.dumps(security).count("DataKey") == 3
    assert all(user.get("CrawlerSecurityConfiguration") or user.get("SecurityConfiguration") for user in users)


def test_p19_clients_cannot_leave_the_workgroups_settings(platform: Synthesized) -> None:
    settings = platform.only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    result = settings["ResultConfiguration"]

    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] == 10**10
    assert "athena-results/" in json.dumps(result["OutputLocation"])
    assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert "DataKey" in json.dumps(result["EncryptionConfiguration"]["KmsKey"])


def test_p19_results_do_not_pile_up(platform: Synthesized) -> None:
    lakes = [
        bucket for bucket in platform.properties("AWS::S3::Bucket", "Data") if "NotificationConfiguration" in bucket
    ]
    rules = lakes[0]["LifecycleConfiguration"]["Rules"]

    assert [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "athena-results/"] == [30]


def test_p21_every_alarm_of_the_platform_is_on_top(platform: Synthesized) -> None:
    body = json.dumps(platform.only("AWS::CloudWatch::Dashboard")["DashboardBody"])
    top, _, rest = body.partition("Red above")
    regional = [stack for stack in STACKS if stack != "Edge"]
    alarms = {name: stack for stack in regional for name in platform.resources("AWS::CloudWatch::Alarm", stack)}

    assert rest
    assert len(alarms) > 10
    assert {name for name in alarms if name not in top} == set()


@pytest.mark.parametrize(
    "metric",
    [
        *("RequestCount", "HTTPCode_Target_5XX_Count", "TargetResponseTime"),
        *("HealthyHostCount", "UnHealthyHostCount", "CPUUtilization", "MemoryUtilization"),
        *("ServerlessDatabaseCapacity", "DatabaseConnections"),
        *("CacheHits", "CacheMisses"),
        *("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"),
        *("Errors", "Throttles"),
        *("DeliveryToS3.DataFreshness", "DeliveryToS3.Records"),
        *("RecordsRead", "RecordsCurated", "RecordsQuarantined", "RecordsUnaccounted"),
    ],
)
def test_p21_dashboard_has_the_figure(metric: str, platform: Synthesized) -> None:
    body = json.dumps(platform.only("AWS::CloudWatch::Dashboard")["DashboardBody"])

    assert f'\\"{metric}\\"' in body


def test_p21_dead_letters_of_every_queue_and_of_the_bus_are_shown(platform: Synthesized) -> None:
    body = json.dumps(platform.only("AWS::CloudWatch::Dashboard")["DashboardBody"])
    queues = platform.resources("AWS::SQS::Queue", "Events", "Analytics")

    assert len(queues) == 11
    assert {queue for queue in queues if queue not in body} == set()
