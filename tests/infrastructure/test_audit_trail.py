"""Row P23: who did what is recorded, cannot be changed unnoticed, and is kept a stated time."""

from __future__ import annotations

import json
from typing import Any

from environments import ENVIRONMENTS
from tests.infrastructure.synthesis import Synthesized

LOG_GROUP = "AWS::Logs::LogGroup"


def selectors(platform: Synthesized) -> dict[str, dict[str, Any]]:
    """The trail's event selectors by name, each as field → condition."""
    return {
        selector["Name"]: {field["Field"]: field for field in selector["FieldSelectors"]}
        for selector in platform.only("AWS::CloudTrail::Trail")["AdvancedEventSelectors"]
    }


def bucket_name_begins(platform: Synthesized, logical_id: str) -> str:
    """How CloudFormation begins the name of a bucket that has none: stack and logical id, in small letters."""
    return f"retail-{platform.name}-data-{logical_id}".lower()


def test_p23_the_trail_covers_all_regions_and_its_files_are_validated(platform: Synthesized) -> None:
    trail = platform.only("AWS::CloudTrail::Trail", "Security")

    assert trail["IsLogging"] is True
    assert trail["IsMultiRegionTrail"] is True
    assert trail["IncludeGlobalServiceEvents"] is True
    assert trail["EnableLogFileValidation"] is True
    assert "CloudWatchLogsLogGroupArn" in trail
    assert "DataKey" in json.dumps(trail["KMSKeyId"])


def test_p23_every_call_is_recorded_and_every_object_of_the_lake(platform: Synthesized) -> None:
    found = selectors(platform)
    objects = found["Objects"]
    (prefix,) = [json.dumps(one) for one in objects["resources.ARN"]["StartsWith"]]
    buckets = [bucket_name_begins(platform, name) for name in platform.resources("AWS::S3::Bucket", "Data")]
    recorded = {name for name in buckets if within(name, prefix)}

    assert found["Management"]["eventCategory"]["Equals"] == ["Management"]
    assert objects["eventCategory"]["Equals"] == ["Data"]
    assert objects["resources.type"]["Equals"] == ["AWS::S3::Object"]
    assert "readOnly" not in objects, "reads and writes"
    assert recorded == {bucket_name_begins(platform, "Lake5F1B88EA")}


def within(bucket: str, pattern: str) -> bool:
    """Whether the ARN of a bucket begins like the pattern of a selector."""
    return bucket.startswith(pattern.rsplit(":::", 1)[1].rstrip(']}" '))


def test_p23_the_trail_alone_writes_its_bucket(platform: Synthesized) -> None:
    ((bucket, found),) = [
        (name, resource)
        for name, resource in platform.resources("AWS::S3::Bucket", "Security").items()
        if name.startswith("AuditTrail")
    ]
    (policy,) = [
        entry["PolicyDocument"]["Statement"]
        for entry in platform.properties("AWS::S3::BucketPolicy", "Security")
        if entry["Bucket"] == {"Ref": bucket}
    ]
    writers = [statement for statement in policy if statement.get("Sid") in ("TrailLooks", "TrailWrites")]

    assert "DataKey" in json.dumps(found["Properties"]["BucketEncryption"])
    assert found["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "LoggingConfiguration" in found["Properties"]
    assert len(writers) == 2
    for statement in writers:
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert f"trail/retail-{platform.name}" in json.dumps(statement["Condition"]["StringEquals"]["aws:SourceArn"])


def test_p23_every_log_is_kept_a_stated_time(platform: Synthesized) -> None:
    days = ENVIRONMENTS[platform.name].log_days
    groups = platform.properties("AWS::Logs::LogGroup")
    buckets = {
        name: found["Properties"]
        for name, found in platform.resources("AWS::S3::Bucket").items()
        if "AccessLogs" in name or "AuditTrail" in name
    }

    assert {group.get("RetentionInDays") for group in groups} == {days}
    assert len(buckets) >= 2
    for name, bucket in buckets.items():
        rules = bucket["LifecycleConfiguration"]["Rules"]
        expirations = {rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
        assert expirations == {days}, name


def test_p23_no_service_makes_a_log_group_which_would_be_open_and_kept_for_ever(platform: Synthesized) -> None:
    for stack, template in platform.templates.items():
        resources = template["Resources"]
        groups = {name: found["Properties"] for name, found in resources.items() if found["Type"] == LOG_GROUP}
        for name, found in resources.items():
            if found["Type"] == "AWS::Lambda::Function":
                assert found["Properties"].get("LoggingConfig", {}).get("LogGroup", {}).get("Ref") in groups, name
            if found["Type"] == "AWS::ECS::Cluster":
                performance = {"Fn::Join": ["", ["/aws/ecs/containerinsights/", {"Ref": name}, "/performance"]]}
                (group,) = [id for id, made in groups.items() if made.get("LogGroupName") == performance]
                (service,) = platform.resources("AWS::ECS::Service", stack).values()
                assert group in service["DependsOn"], "the first task would have it made"


def test_p23_every_log_is_encrypted_with_a_key_of_ours_or_the_services_reason(platform: Synthesized) -> None:
    for group in platform.properties("AWS::Logs::LogGroup"):
        assert "KmsKeyId" in group
    for name, bucket in platform.resources("AWS::S3::Bucket").items():
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        algorithm = rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("AES256" if "AccessLogs" in name else "aws:kms"), name
