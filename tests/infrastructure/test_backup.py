"""Row P10: daily backups, and weekly ones kept longer, of every data store, in a vault that nobody can empty."""

from __future__ import annotations

import json

import pytest

from tests.infrastructure.synthesis import Synthesized, Template

STORES = ("AWS::RDS::DBCluster", "AWS::DynamoDB::Table", "AWS::S3::Bucket")
TAG = {"Key": "backup", "Value": "daily"}


def rules(platform: Synthesized) -> dict[str, Template]:
    plan = platform.only("AWS::Backup::BackupPlan")["BackupPlan"]
    return {rule["RuleName"]: rule for rule in plan["BackupPlanRule"]}


def test_p10_backs_up_daily_and_keeps_the_weekly_ones_longer(prod: Synthesized) -> None:
    daily, weekly = rules(prod)["Daily"], rules(prod)["Weekly"]

    assert (daily["ScheduleExpression"], weekly["ScheduleExpression"]) == (
        "cron(0 5 ? * MON-SAT *)",
        "cron(0 5 ? * SUN *)",
    )
    assert daily["Lifecycle"] == {"DeleteAfterDays": 14}
    assert weekly["Lifecycle"] == {"DeleteAfterDays": 90}


@pytest.mark.parametrize("store", STORES)
def test_p10_every_store_has_the_tag_and_is_named_in_the_selection(store: str, prod: Synthesized) -> None:
    selection = prod.only("AWS::Backup::BackupSelection")["BackupSelection"]
    found = prod.resources(store, "Data")

    assert found
    for logical_id, resource in found.items():
        assert TAG in resource["Properties"]["Tags"], logical_id
        assert logical_id in json.dumps(selection["Resources"])
    assert selection["ListOfTags"] == [
        {"ConditionType": "STRINGEQUALS", "ConditionKey": TAG["Key"], "ConditionValue": TAG["Value"]}
    ]


def test_p10_nothing_but_stores_has_the_tag(prod: Synthesized) -> None:
    tagged = {
        resource["Type"]
        for template in prod.templates.values()
        for resource in template["Resources"].values()
        if json.dumps(TAG) in json.dumps(resource.get("Properties", {}).get("Tags"))
    }

    assert tagged == set(STORES), "Aurora is backed up as a cluster, not by its instances"


def test_p10_vault_is_encrypted_locked_and_outlives_its_stack(prod: Synthesized) -> None:
    (vault,) = prod.resources("AWS::Backup::BackupVault").values()
    properties = vault["Properties"]

    assert "DataKey" in json.dumps(properties["EncryptionKeyArn"])
    assert properties["LockConfiguration"] == {
        "MinRetentionDays": 14,
        "MaxRetentionDays": 90,
        "ChangeableForDays": 7,
    }
    assert vault["DeletionPolicy"] == "RetainExceptOnCreate"
    kept = {rule["Lifecycle"]["DeleteAfterDays"] for rule in rules(prod).values()}
    assert kept <= set(range(14, 91)), "the lock would refuse the rule's recovery points"


def test_p10_a_failed_backup_is_heard(prod: Synthesized) -> None:
    (rule,) = prod.properties("AWS::Events::Rule", "Data")
    (target,) = rule["Targets"]
    (publishes,) = [
        statement
        for policy in prod.properties("AWS::SNS::TopicPolicy", "Security")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "AlarmsOfThisAccount"
    ]
    key = prod.resources("AWS::KMS::Key", "Security")["DataKey17AFBB84"]["Properties"]["KeyPolicy"]

    (encrypts,) = [statement for statement in key["Statement"] if statement.get("Sid") == "AlarmingRules"]

    assert rule["EventPattern"] == {
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change"],
        "detail": {"state": ["FAILED", "ABORTED", "EXPIRED"]},
    }
    assert "Alarms" in json.dumps(target["Arn"])
    assert "events.amazonaws.com" in publishes["Principal"]["Service"]
    assert encrypts["Principal"] == {"Service": "events.amazonaws.com"}
    assert encrypts["Condition"].keys() == {"ArnLike"}, "EventBridge names no account to KMS"


def test_p10_environments_that_go_with_their_stack_have_no_vault_that_stays(dev: Synthesized) -> None:
    assert not dev.resources("AWS::Backup::BackupVault")
