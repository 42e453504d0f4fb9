"""Permissions are enforced on this machine: what the templates grant works, what they do not grant is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.platform.deployed import Deployed
from tests.platform.placed import Placed


def deliver(platform: Deployed, event: dict[str, Any]) -> Any:
    """What the order processor answers to a delivery of this event."""
    record = {
        "messageId": "a-delivery",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:000000000000:orders",
        "body": json.dumps(event),
        "attributes": {},
    }
    function = platform.resource("events", "OrderProcessingFunction")
    invoke = platform.emulator.client("lambda").invoke
    return json.load(invoke(FunctionName=function, Payload=json.dumps({"Records": [record]}))["Payload"])


def test_without_one_statement_of_its_role_the_order_processor_fails(platform: Deployed, order: Placed) -> None:
    iam = platform.emulator.client("iam")
    role = platform.resource("events", "OrderProcessingFunctionRole")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    without = [statement for statement in policy["Statement"] if "s3:PutObject" not in statement["Action"]]
    assert len(without) == len(policy["Statement"]) - 1

    assert deliver(platform, order.queued) == {"batchItemFailures": []}
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps({**policy, "Statement": without}))
    assert deliver(platform, order.queued) == {"batchItemFailures": [{"itemIdentifier": "a-delivery"}]}
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))
    assert deliver(platform, order.queued) == {"batchItemFailures": []}


def test_the_storefront_may_read_its_parameters_and_nobody_elses(platform: Deployed) -> None:
    role = platform.emulator.client("iam").get_role(
        RoleName=platform.resource("application", "StorefrontTaskTaskRole")
    )["Role"]["Arn"]
    parameters = platform.emulator.client("ssm", role=role)
    assert parameters.get_parameters(Names=["/retail/dev/lake/bucket"])["Parameters"]
    with pytest.raises(ClientError, match="not authorized to perform: ssm:GetParameters"):
        parameters.get_parameters(Names=["/retail/dev/lake/bucket", "/retail/prod/lake/bucket"])


def test_the_storefront_may_not_read_the_database_secret_itself(platform: Deployed) -> None:
    role = platform.emulator.client("iam").get_role(
        RoleName=platform.resource("application", "StorefrontTaskTaskRole")
    )["Role"]["Arn"]
    secrets = platform.emulator.client("secretsmanager", role=role)
    with pytest.raises(ClientError, match="AccessDenied"):
        secrets.get_secret_value(SecretId=platform.resource("security", "DatabaseSecret"))
