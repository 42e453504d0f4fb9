"""Permissions are enforced on this machine: what the templates grant works, what they do not grant is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.platform.deployed import Deployed, eventually
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


@dataclass(frozen=True)
class ManagedPolicy:
    """A deployed policy that a test takes something away from, and gives it back."""

    iam: Any
    arn: str
    document: dict[str, Any]

    @classmethod
    def that_allows(cls, iam: Any, role: str, action: str) -> ManagedPolicy:
        """The one policy of the role in which the action stands."""
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            if action in json.dumps(document):
                return cls(iam, arn, document)
        raise AssertionError(f"no policy of {role} allows {action}")

    @contextmanager
    def without(self, action: str) -> Iterator[None]:
        """While this lasts, the one statement with the action is gone."""
        left = [statement for statement in self.document["Statement"] if action not in statement["Action"]]
        assert len(left) == len(self.document["Statement"]) - 1
        denial = {"Effect": "Deny", "Action": action, "Resource": "*"}  # a policy needs a statement
        less = json.dumps({**self.document, "Statement": left or [denial]})
        self.iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=less, SetAsDefault=True)
        try:
            yield
        finally:
            whole = json.dumps(self.document)
            self.iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=whole, SetAsDefault=True)


def test_without_one_statement_of_its_role_the_order_processor_fails(platform: Deployed, order: Placed) -> None:
    role = platform.resource("events", "OrderProcessingFunctionRole")
    policy = ManagedPolicy.that_allows(platform.emulator.client("iam"), role, "s3:PutObject")
    eventually(platform.is_at_rest)  # what fails now comes back in twelve minutes: for other tests too late
    assert deliver(platform, order.queued) == {"batchItemFailures": []}
    with policy.without("s3:PutObject"):
        assert deliver(platform, order.queued) == {"batchItemFailures": [{"itemIdentifier": "a-delivery"}]}
    assert deliver(platform, order.queued) == {"batchItemFailures": []}


def test_the_storefront_may_read_its_parameters_and_nobody_elses(platform: Deployed) -> None:
    role = platform.emulator.client("iam").get_role(
        RoleName=platform.resource("application", "StorefrontTaskTaskRole")
    )["Role"]["Arn"]
    parameters = platform.emulator.client("ssm", role=role)
    assert parameters.get_parameters(Names=["/retail/dev/lake/bucket"])["Parameters"]
    with pytest.raises(ClientError, match="not authorized to perform: ssm:GetParameters"):
        parameters.get_parameters(Names=["/retail/dev/lake/bucket", "/retail/prod/lake/bucket"])


def test_the_storefront_may_not_read_what_guards_its_own_door(platform: Deployed) -> None:
    role = platform.emulator.client("iam").get_role(
        RoleName=platform.resource("application", "StorefrontTaskTaskRole")
    )["Role"]["Arn"]
    secrets = platform.emulator.client("secretsmanager", role=role)
    with pytest.raises(ClientError, match="AccessDenied"):
        secrets.get_secret_value(SecretId=platform.resource("ingress", "OriginSecret"))
