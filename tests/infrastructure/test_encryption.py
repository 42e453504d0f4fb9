"""Row P9: one rotated key for all data of the region, with a whole policy; secrets never in a template."""

from __future__ import annotations

import json
import re

from tests.infrastructure.resource_types import takes_a_key
from tests.infrastructure.synthesis import STACKS, Synthesized, Template

# type → the properties that name its key; every one that is there must name ours
KEYS: dict[str, tuple[str, ...]] = {
    "AWS::Athena::WorkGroup": ("WorkGroupConfiguration",),
    "AWS::Backup::BackupVault": ("EncryptionKeyArn",),
    "AWS::CloudTrail::Trail": ("KMSKeyId",),
    "AWS::DynamoDB::Table": ("SSESpecification",),
    "AWS::ECR::Repository": ("EncryptionConfiguration",),
    "AWS::ElastiCache::ServerlessCache": ("KmsKeyId",),
    "AWS::Events::Archive": ("KmsKeyIdentifier",),
    "AWS::Events::EventBus": ("KmsKeyIdentifier",),
    "AWS::Glue::SecurityConfiguration": ("EncryptionConfiguration",),
    "AWS::KinesisFirehose::DeliveryStream": (
        "DeliveryStreamEncryptionConfigurationInput",
        "ExtendedS3DestinationConfiguration",
    ),
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::RDS::DBCluster": ("KmsKeyId", "PerformanceInsightsKmsKeyId"),
    "AWS::RDS::DBInstance": ("PerformanceInsightsKMSKeyId",),
    "AWS::RedshiftServerless::Namespace": ("KmsKeyId", "AdminPasswordSecretKmsKeyId"),
    "AWS::S3::Bucket": ("BucketEncryption",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}
# Types that could name a key for something that ours do not have.
NOTHING_TO_ENCRYPT = {
    "AWS::ECS::Cluster": "no exec, and no storage but the ephemeral one of a read-only task",
    "AWS::ECS::Service": "no service connect and no volumes",
    "AWS::Lambda::EventSourceMapping": "the filter criteria are all it would encrypt, and there are none",
    "AWS::SecretsManager::RotationSchedule": "the function is ours, and encrypted",
}
# logical ids that start so → why AWS lets no key of ours in, or why there is no data
WITHOUT_OUR_KEY = {
    "CustomS3AutoDelete": "empties buckets when an environment goes; holds nothing",
    "CustomVpcRestrictDefaultSG": "empties the default security group at deployment; holds nothing",
    "AccessLogs": "load balancers, CloudFront and S3 write access logs under S3's own keys only",
}


def encryptable(platform: Synthesized) -> list[tuple[str, str, Template]]:
    """Stack, logical id and resource of everything that can have a key."""
    return [
        (stack, logical_id, resource)
        for stack, template in platform.templates.items()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"].startswith("AWS::")
        and resource["Type"] not in NOTHING_TO_ENCRYPT
        and takes_a_key(resource["Type"])
    ]


def test_p9_every_type_that_takes_a_key_is_known(platform: Synthesized) -> None:
    assert {resource["Type"] for _, _, resource in encryptable(platform)} <= set(KEYS)


def test_p9_everything_that_can_be_encrypted_is_with_the_platforms_key(platform: Synthesized) -> None:
    open_ones = {
        f"{stack}/{logical_id} ({resource['Type']})": name
        for stack, logical_id, resource in encryptable(platform)
        for name in KEYS.get(resource["Type"], ())
        if not logical_id.startswith(tuple(WITHOUT_OUR_KEY)) and not is_ours(resource["Properties"].get(name))
    }

    assert open_ones == {}


def is_ours(key: object) -> bool:
    """Whether the value of a property names one of the platform's keys."""
    return "DataKey" in json.dumps(key) or "LogKey" in json.dumps(key)


def test_p9_what_has_another_key_is_no_more_than_what_the_reasons_cover(platform: Synthesized) -> None:
    others = {logical_id for _, logical_id, _ in encryptable(platform) if logical_id.startswith(tuple(WITHOUT_OUR_KEY))}
    buckets = platform.resources("AWS::S3::Bucket")

    for logical_id in others & set(buckets):
        assert "AES256" in json.dumps(buckets[logical_id]["Properties"]["BucketEncryption"])


def test_p16_lake_is_encrypted_versioned_private_and_tls_only(platform: Synthesized) -> None:
    lake = platform.resources("AWS::S3::Bucket", "Data")["Lake5F1B88EA"]["Properties"]
    (rule,) = lake["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "DataKey" in json.dumps(rule)
    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(lake["PublicAccessBlockConfiguration"].values()) == {True}
    for policy in platform.properties("AWS::S3::BucketPolicy"):
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in denied]


def test_p9_keys_rotate_and_their_services_are_limited_to_this_account(platform: Synthesized) -> None:
    keys = platform.properties("AWS::KMS::Key")

    assert len(keys) == 3  # of the data, of the network's logs, and of WAF's, for keys are regional
    for key in keys:
        assert key["EnableKeyRotation"] is True
        for statement in key["KeyPolicy"]["Statement"]:
            if "Service" in statement["Principal"] and statement["Action"] != "kms:DescribeKey":
                condition = json.dumps(statement["Condition"])
                assert "AWS::AccountId" in condition, statement["Sid"]
                assert "kms:EncryptionContext:" in condition, statement["Sid"]


def test_p15_whoever_sends_dead_letters_may_encrypt_them(platform: Synthesized) -> None:
    """Lambda sends them with the function's role, whether to a queue or to a topic: both are under the key."""
    senders = 0
    for template in platform.templates.values():
        for logical_id, resource in template["Resources"].items():
            if "DeadLetterConfig" in resource.get("Properties", {}) and resource["Type"] == "AWS::Lambda::Function":
                role = resource["Properties"]["Role"]["Fn::GetAtt"][0]
                assert key_actions(template, role) >= {"kms:Decrypt", "kms:GenerateDataKey"}, logical_id
                senders += 1

    assert senders > 5


def test_p15_rules_and_topics_may_encrypt_what_they_send_to_queues(platform: Synthesized) -> None:
    policy = platform.resources("AWS::KMS::Key", "Security")["DataKey17AFBB84"]["Properties"]["KeyPolicy"]
    may = {
        statement["Principal"]["Service"]
        for statement in policy["Statement"]
        if "kms:EncryptionContext:aws:sqs:arn" in json.dumps(statement.get("Condition"))
        and set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    }

    assert may == {"events.amazonaws.com", "sns.amazonaws.com"}


def key_actions(template: Template, role: str) -> set[str]:
    """What the role may do with one of the platform's keys."""
    return {
        action
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and {"Ref": role} in resource["Properties"].get("Roles", [])
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if is_ours(statement["Resource"])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def test_key_policy_stands_in_the_keys_own_stack(platform: Synthesized) -> None:
    assert "Fn::GetStackOutput" not in json.dumps(platform.resources("AWS::KMS::Key", "Security"))


def test_passwords_are_dynamic_references(platform: Synthesized) -> None:
    cluster = platform.only("AWS::RDS::DBCluster")
    header = platform.only("AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"][0]["OriginCustomHeaders"]

    assert "{{resolve:secretsmanager:" in json.dumps(cluster["MasterUserPassword"])
    assert "{{resolve:secretsmanager:" in json.dumps(header)
    for stack in STACKS:
        assert not re.search(r'"(?:Password|SecretString)": "(?!\{\{resolve)', platform.path_of(stack).read_text())
