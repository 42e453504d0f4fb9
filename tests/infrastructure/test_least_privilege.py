"""Nobody may do more than is named: a lint of every policy against AWS's own reference of actions and resources.

The reference is the one that Policy Sentry ships: AWS's service authorization pages, action by action.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.infrastructure.policies import Statement, arn_formats, fits, statements
from tests.infrastructure.synthesis import SHAPES, Synthesized

# Actions that are granted on `*`, and why. Where AWS knows a resource level all the same, the reason says who needs it.
ON_EVERYTHING = {
    "xray:PutTraceSegments": "has no resource level",
    "xray:PutTelemetryRecords": "has no resource level",
    "cloudwatch:PutMetricData": "has no resource level; a condition names the namespace",
    "ecr:GetAuthorizationToken": "has no resource level; pulling names its repository",
    "ec2:DescribeNetworkInterfaces": "has no resource level",
    "ec2:DescribeSubnets": "has no resource level",
    "ec2:CreateNetworkInterface": "Lambda refuses a function whose role may not do this on every resource",
    "ec2:DeleteNetworkInterface": "Lambda refuses a function whose role may not do this on every resource",
    "ec2:AssignPrivateIpAddresses": "Lambda's interfaces have no name before Lambda makes them",
    "ec2:UnassignPrivateIpAddresses": "Lambda's interfaces have no name before Lambda makes them",
    **dict.fromkeys(
        [f"redshift-data:{name}" for name in ("CancelStatement", "DescribeStatement", "GetStatementResult")],
        "has no resource level; a condition limits it to the caller's own statements",
    ),
    "redshift-serverless:ListUsageLimits": "has no resource level",
    "redshift-serverless:CreateUsageLimit": "has no resource level",
    "redshift-serverless:UpdateUsageLimit": "has no resource level",
}
# Actions with a wildcard, by the type of the resource whose policy has them, and why.
WILDCARD_ACTIONS = {
    ("AWS::KMS::Key", "kms:*"): "the account itself; without it no role could be granted the key, and nobody manage it",
    **dict.fromkeys(
        [("AWS::S3::BucketPolicy", f"s3:{name}") for name in ("GetBucket*", "List*", "DeleteObject*")],
        "CDK's own function that empties a bucket which goes with its stack; never in a durable environment",
    ),
}

# What there is at AWS: a name under another path is another policy, which IAM does not find.
AWS_MANAGED_POLICIES = {
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "AWSBackupServiceRolePolicyForS3Backup",
    "service-role/AWSFaultInjectionSimulatorECSAccess",
    "service-role/AWSFaultInjectionSimulatorNetworkAccess",
    "service-role/AWSFaultInjectionSimulatorRDSAccess",
    "service-role/AWSLambdaBasicExecutionRole",
}


@pytest.fixture(params=SHAPES)
def platform(request: pytest.FixtureRequest, platforms: Callable[[str], Synthesized]) -> Synthesized:
    """Each environment in turn, and `prod` as it is when people may break it on purpose."""
    return platforms(request.param)


@pytest.fixture
def allowed(platform: Synthesized) -> list[Statement]:
    """Every statement of the environment that allows something."""
    found = [statement for statement in statements(platform) if statement.effect == "Allow"]
    assert len(found) > 40
    return found


def test_statements_say_what_they_allow_not_what_they_leave_out(allowed: list[Statement]) -> None:
    assert [statement.where for statement in allowed if statement.inverted] == []


def test_no_action_is_a_wildcard(allowed: list[Statement], platform: Synthesized) -> None:
    found = {(s.resource_type, action) for s in allowed for action in s.actions if "*" in action}

    assert found <= set(WILDCARD_ACTIONS)
    if platform.name == "prod":
        assert found == {("AWS::KMS::Key", "kms:*")}


def test_every_action_exists(allowed: list[Statement]) -> None:
    actions = {action for statement in allowed for action in statement.actions if "*" not in action}

    assert {action for action in actions if arn_formats(action) is None} == set()


def test_resources_are_named_wherever_the_service_can_tell_them_apart(allowed: list[Statement]) -> None:
    found = {
        (action, statement.where)
        for statement in allowed
        if statement.of_identity and "*" in statement.resources
        for action in statement.actions
        if action not in ON_EVERYTHING
    }

    assert found == set()


def test_list_of_what_is_granted_on_everything_is_true_and_none_too_long(
    allowed: list[Statement], platform: Synthesized
) -> None:
    used = {a for s in allowed if s.of_identity and "*" in s.resources for a in s.actions}
    without = {action for action, reason in ON_EVERYTHING.items() if reason.startswith("has no resource level")}

    if platform.name == "prod":  # the others leave things out
        assert set(ON_EVERYTHING) - used == set()
    assert {action for action in without if arn_formats(action) != ("*",)} == set()


def test_wildcard_inside_a_name_comes_after_a_name_of_ours(allowed: list[Statement]) -> None:
    kind_at_most = re.compile(r"([a-z-]+[/:])?")
    found = {
        (resource, statement.where)
        for statement in allowed
        for resource in statement.resources
        if statement.of_identity and "*" in resource and resource != "*"
        if kind_at_most.fullmatch(resource.split(":", 5)[-1].split("*")[0])
    }

    assert found == set()


def test_each_action_has_a_resource_that_it_can_act_on(allowed: list[Statement]) -> None:
    found = {
        (action, statement.where)
        for statement in allowed
        if statement.resources
        for action in statement.actions
        if "*" not in action
        and not any(fits(resource, kind) for resource in statement.resources for kind in arn_formats(action) or ())
    }

    assert found == set()


def test_policies_of_awss_own_are_named_as_aws_names_them(platform: Synthesized) -> None:
    named = {
        name
        for stack in platform.templates
        for name in re.findall(r":iam::aws:policy/([^\"\\\\]+)", platform.path_of(stack).read_text())
    }

    assert named <= AWS_MANAGED_POLICIES
    if platform.name == "prod":
        assert len(named) >= 2


def test_nobody_outside_is_trusted(allowed: list[Statement]) -> None:
    for statement in allowed:
        if statement.principal is not None:
            assert statement.principal != "*", statement.where
            assert set(statement.principal) <= {"Service", "AWS"}, statement.where
            assert "*" not in str(statement.principal.get("AWS", "")), statement.where


def test_roles_are_assumed_by_one_service_each(allowed: list[Statement]) -> None:
    for statement in allowed:
        if "sts:AssumeRole" in statement.actions and statement.resource_type == "AWS::IAM::Role":
            assert isinstance(statement.principal.get("Service"), str) or "AWS" in statement.principal, statement.where


@pytest.mark.parametrize(
    ("resource", "kind", "fitting"),
    [
        ("arn:aws:s3:::lake/raw/*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:s3:::lake", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", False),
        ("arn:aws:s3:::lake/raw/*", "arn:${Partition}:s3:::${BucketName}", False),
        ("arn:aws:sqs:<ref>:<ref>:orders", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", False),
        ("<ref>", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", True),
    ],
)
def test_lint_tells_kinds_of_resources_apart(resource: str, kind: str, fitting: bool) -> None:
    assert fits(resource, kind) is fitting
