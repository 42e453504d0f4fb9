"""Rows P16 and E9: every event of the shop reaches the lake by itself, whoever handles it or not."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest

from environments import DEV, InvalidEnvironmentError
from retail.events import CONTRACTS, topic_of
from tests.infrastructure.synthesis import Synthesized

PREFIXES = ("orders", "inventory", "products")


def streams_of(platform: Synthesized) -> dict[str, dict[str, Any]]:
    """Where each stream writes, by the last part of its prefix."""
    destinations = {
        logical_id: stream["Properties"]["ExtendedS3DestinationConfiguration"]
        for logical_id, stream in platform.resources("AWS::KinesisFirehose::DeliveryStream").items()
    }
    return {to["Prefix"].split("/")[1]: {"id": logical_id, **to} for logical_id, to in destinations.items()}


def rules_of(platform: Synthesized) -> dict[str, dict[str, Any]]:
    """The rules that deliver to streams, by the last part of the prefix that their stream writes."""
    prefixes = {stream["id"]: prefix for prefix, stream in streams_of(platform).items()}
    return {
        prefixes[target["Arn"]["Fn::GetAtt"][0]]: rule
        for rule in platform.properties("AWS::Events::Rule", "Events")
        for target in rule["Targets"]
        if target["Arn"]["Fn::GetAtt"][0] in prefixes
    }


def test_each_raw_prefix_has_its_stream(platform: Synthesized) -> None:
    assert set(streams_of(platform)) == set(PREFIXES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_objects_are_gzipped_lines_in_the_folder_of_their_day(prefix: str, platform: Synthesized) -> None:
    stream = streams_of(platform)[prefix]

    assert stream["Prefix"] == f"raw/{prefix}/date=!{{timestamp:yyyy-MM-dd}}/"
    assert stream["CompressionFormat"] == "GZIP"
    assert stream["ProcessingConfiguration"]["Processors"] == [{"Type": "AppendDelimiterToRecord", "Parameters": []}]
    assert stream["ErrorOutputPrefix"].startswith("quarantine/delivery/!{firehose:error-output-type}/")
    assert stream["BufferingHints"]["IntervalInSeconds"] == {"dev": 5, "staging": 60, "prod": 60}[platform.name]


def test_every_event_of_the_shop_goes_under_exactly_one_prefix(platform: Synthesized) -> None:
    patterns = {prefix: rule["EventPattern"]["detail-type"] for prefix, rule in rules_of(platform).items()}

    assert patterns == {
        "orders": [{"anything-but": {"prefix": ["Inventory", "ProductChanged"]}}],
        "inventory": [{"prefix": "Inventory"}],
        "products": [{"prefix": "ProductChanged"}],
    }
    for rule in rules_of(platform).values():
        assert rule["EventPattern"]["source"] == [{"prefix": "retail."}]
        assert rule["EventBusName"]["Ref"].startswith("Bus")


@pytest.mark.parametrize("detail_type", CONTRACTS)
def test_event_with_a_contract_lies_where_consumers_archive_it(detail_type: str, dev: Synthesized) -> None:
    matching = {
        prefix
        for prefix, rule in rules_of(dev).items()
        for pattern in rule["EventPattern"]["detail-type"]
        if matches(pattern, detail_type)
    }

    assert matching == {topic_of(detail_type)}


def matches(pattern: dict[str, Any], detail_type: str) -> bool:
    """Whether EventBridge would find the detail type in the pattern, of the two kinds that ours have."""
    if "prefix" in pattern:
        return detail_type.startswith(pattern["prefix"])
    return not detail_type.startswith(tuple(pattern["anything-but"]["prefix"]))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_event_is_delivered_whole_or_waits_with_the_buss_dead_letters(prefix: str, platform: Synthesized) -> None:
    (target,) = rules_of(platform)[prefix]["Targets"]
    admitted = [
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0]
        for policy in platform.properties("AWS::SQS::QueuePolicy", "Events")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid", "").startswith("Undelivered")
    ]

    assert not {"Input", "InputPath", "InputTransformer"} & set(target)
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("BusDeadLetters")
    assert any(rule.startswith(f"LakeDelivery{prefix.capitalize()}Rule") for rule in admitted)


def statements_of_delivery(platform: Synthesized, role: str) -> list[dict[str, Any]]:
    """What the role of that construct may do."""
    (policy,) = [
        policy["Properties"]["PolicyDocument"]
        for name, policy in platform.resources("AWS::IAM::ManagedPolicy", "Events").items()
        if name.startswith(f"LakeDelivery{role}DefaultPolicy")
    ]
    return list(policy["Statement"])


def test_bus_may_send_and_no_more(platform: Synthesized) -> None:
    (statement,) = statements_of_delivery(platform, "SenderRole")

    assert set(statement["Action"]) == {"firehose:PutRecord", "firehose:PutRecordBatch"}


def test_streams_may_do_what_firehose_documents_below_their_prefixes_and_no_more(platform: Synthesized) -> None:
    granted = {frozenset(listed(s["Action"])): s["Resource"] for s in statements_of_delivery(platform, "Role")}
    on_objects = frozenset({"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"})

    assert set(granted) == {
        on_objects,
        frozenset({"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}),
        frozenset({"kms:Decrypt", "kms:GenerateDataKey"}),
        frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
    }
    assert re.findall(r'"(/[a-z/]+\*)"', json.dumps(granted[on_objects])) == ["/quarantine/delivery/*", "/raw/*"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("prefix", PREFIXES)
def test_events_that_do_not_arrive_call_a_person(prefix: str, platform: Synthesized) -> None:
    (alarm,) = [
        alarm["Properties"]
        for name, alarm in platform.resources("AWS::CloudWatch::Alarm", "Events").items()
        if name.startswith(f"LakeDelivery{prefix.capitalize()}LateAlarm")
    ]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Firehose", "DeliveryToS3.DataFreshness")
    assert alarm["Dimensions"] == [{"Name": "DeliveryStreamName", "Value": {"Ref": streams_of(platform)[prefix]["id"]}}]
    assert alarm["Threshold"] == 900
    assert "Alarms" in json.dumps(alarm["AlarmActions"])


def test_what_goes_wrong_is_logged_and_kept_a_stated_time(platform: Synthesized) -> None:
    groups = platform.resources("AWS::Logs::LogGroup", "Events")

    for stream in streams_of(platform).values():
        group = groups[stream["CloudWatchLoggingOptions"]["LogGroupName"]["Ref"]]["Properties"]
        assert group["RetentionInDays"] == {"dev": 7, "staging": 30, "prod": 365}[platform.name]
        assert "DataKey" in json.dumps(group["KmsKeyId"])


def test_gathering_that_firehose_does_not_do_is_refused() -> None:
    with pytest.raises(InvalidEnvironmentError, match="901 s"):
        dataclasses.replace(DEV, lake_delivery_seconds=901)
