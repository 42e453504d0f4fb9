"""Row P9: one rotated key for all data of the region, with a whole policy; secrets never in a template."""

from __future__ import annotations

import json
import re

import pytest

from tests.infrastructure.synthesis import STACKS, Synthesized

# type → where its key is named
ENCRYPTED = {
    "AWS::RDS::DBCluster": "KmsKeyId",
    "AWS::ElastiCache::ServerlessCache": "KmsKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Events::EventBus": "KmsKeyIdentifier",
    "AWS::Events::Archive": "KmsKeyIdentifier",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::Lambda::Function": "KmsKeyArn",
}


@pytest.mark.parametrize("resource_type", ENCRYPTED)
def test_data_is_encrypted_with_the_platforms_key(resource_type: str, platform: Synthesized) -> None:
    resources = platform.resources(resource_type)

    assert resources
    for logical_id, resource in resources.items():
        if logical_id.startswith("CustomS3AutoDelete"):  # empties buckets when dev goes, holds nothing
            continue
        key = json.dumps(resource["Properties"].get(ENCRYPTED[resource_type]))
        assert "DataKey" in key or "LogKey" in key, f"{logical_id} has no key of ours: {key}"


def test_lake_is_encrypted_versioned_private_and_tls_only(platform: Synthesized) -> None:
    lake = platform.resources("AWS::S3::Bucket", "Data")["Lake5F1B88EA"]["Properties"]
    (rule,) = lake["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "DataKey" in json.dumps(rule)
    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(lake["PublicAccessBlockConfiguration"].values()) == {True}
    for policy in platform.properties("AWS::S3::BucketPolicy"):
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in denied]


def test_keys_rotate_and_their_services_are_limited_to_this_account(platform: Synthesized) -> None:
    keys = platform.properties("AWS::KMS::Key")

    assert len(keys) == 2  # keys are regional: the one of us-east-1 encrypts the WAF's log
    for key in keys:
        assert key["EnableKeyRotation"] is True
        for statement in key["KeyPolicy"]["Statement"]:
            if "Service" in statement["Principal"] and statement["Action"] != "kms:DescribeKey":
                condition = json.dumps(statement["Condition"])
                assert "AWS::AccountId" in condition, statement["Sid"]
                assert "kms:EncryptionContext:" in condition, statement["Sid"]


def test_key_policy_stands_in_the_keys_own_stack(platform: Synthesized) -> None:
    assert "Fn::GetStackOutput" not in json.dumps(platform.resources("AWS::KMS::Key", "Security"))


def test_passwords_are_dynamic_references(platform: Synthesized) -> None:
    cluster = platform.only("AWS::RDS::DBCluster")
    header = platform.only("AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"][0]["OriginCustomHeaders"]

    assert "{{resolve:secretsmanager:" in json.dumps(cluster["MasterUserPassword"])
    assert "{{resolve:secretsmanager:" in json.dumps(header)
    for stack in STACKS:
        assert not re.search(r'"(?:Password|SecretString)": "(?!\{\{resolve)', platform.path_of(stack).read_text())
