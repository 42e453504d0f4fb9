"""What is protected in every environment still goes with one that is not durable, and prod never does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError
from typer import Typer
from typer.testing import CliRunner, Result

from ops import teardown

BALANCER, CLUSTER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::RDS::DBCluster"
HOLDS = {"ingress": ("Balancer", BALANCER), "data": ("Database", CLUSTER), "analytics": ("Job", "AWS::Glue::Job")}
FRONT = "us-east-1"


class Account:
    """An account with the stacks of one environment: it deletes nothing protected, and nothing that others use."""

    def __init__(self) -> None:
        self.stacks = [f"retail-dev-{name}" for name in teardown.STACKS]
        self.protected = {"Balancer", "Database"}
        self.kept: set[str] = set()

    def client(self, service: str, *, region_name: str) -> Any:
        return {"cloudformation": CloudFormation, "elbv2": Protection, "rds": Protection}[service](self, region_name)


class Protection:
    """The two services whose resources are protected."""

    def __init__(self, account: Account, region: str) -> None:
        self._account, self._region = account, region

    def modify_load_balancer_attributes(self, *, LoadBalancerArn: str, Attributes: list[Any]) -> None:  # noqa: N803  boto3's names
        assert Attributes == [{"Key": "deletion_protection.enabled", "Value": "false"}]
        self._account.protected.remove(LoadBalancerArn)

    def modify_db_cluster(self, *, DBClusterIdentifier: str, DeletionProtection: bool, ApplyImmediately: bool) -> None:  # noqa: N803
        assert ApplyImmediately
        assert not DeletionProtection
        self._account.protected.remove(DBClusterIdentifier)


class CloudFormation:
    """The stacks of one region."""

    def __init__(self, account: Account, region: str) -> None:
        self._account, self._region = account, region

    def _here(self, name: str) -> bool:
        return name in self._account.stacks and (self._region == FRONT) is name.endswith("-edge")

    def describe_stacks(self, *, StackName: str) -> None:  # noqa: N803
        if not self._here(StackName):
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")

    def get_paginator(self, _: str) -> CloudFormation:
        return self

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        held = HOLDS.get(StackName.rsplit("-", 1)[-1])
        never_made = {"LogicalResourceId": "Other", "ResourceType": BALANCER, "ResourceStatus": "CREATE_FAILED"}
        yield {"StackResourceSummaries": [never_made]}
        if held:
            name, kind = held
            made = {"LogicalResourceId": name, "PhysicalResourceId": name, "ResourceType": kind}
            yield {"StackResourceSummaries": [made | {"ResourceStatus": "CREATE_COMPLETE"}]}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        name, _ = HOLDS.get(StackName.rsplit("-", 1)[-1], ("", ""))
        is_last = self._account.stacks[-1] == StackName
        if self._here(StackName) and is_last and not {name, StackName} & (self._account.protected | self._account.kept):
            self._account.stacks.remove(StackName)

    def get_waiter(self, _: str) -> CloudFormation:
        return self

    def wait(self, *, StackName: str, WaiterConfig: dict[str, int]) -> None:  # noqa: ARG002, N803
        if StackName in self._account.stacks:
            raise WaiterError("StackDeleteComplete", "DELETE_FAILED", {})


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    account = Account()
    monkeypatch.setattr(boto3, "client", account.client)
    return account


@pytest.fixture
def called() -> Callable[..., Result]:
    app = Typer()
    app.command()(teardown.main)
    return lambda *arguments, **given: CliRunner().invoke(app, list(arguments), **given)


def test_everything_goes_the_last_first_and_what_is_protected_too(
    account: Account, called: Callable[..., Result]
) -> None:
    result = called("dev", "--yes")

    assert (result.exit_code, account.stacks) == (0, []), result.output
    assert "retail-dev-data: Database may be deleted" in result.output


def test_what_does_not_go_is_said_and_the_rest_stays_for_the_next_time(
    account: Account, called: Callable[..., Result]
) -> None:
    account.kept = {"retail-dev-data"}
    stopped = called("dev", "--yes")
    left = len(account.stacks)
    account.kept, account.protected = set(), account.protected | {"Database"}
    again = called("dev", "--yes")

    assert (stopped.exit_code, left) == (1, 6)
    assert "retail-dev-data is not deleted" in stopped.output
    assert (again.exit_code, account.stacks) == (0, [])


def test_nothing_goes_unless_somebody_says_yes(account: Account, called: Callable[..., Result]) -> None:
    assert called("dev", input="n\n").exit_code == 1
    assert len(account.stacks) == 8


def test_a_durable_environment_stays(account: Account, called: Callable[..., Result]) -> None:
    result = called("prod", "--yes")

    assert (result.exit_code, len(account.stacks)) == (1, 8)
    assert "prod is durable" in result.output


def test_an_unknown_environment_is_a_wrong_argument(called: Callable[..., Result]) -> None:
    assert called("nowhere").exit_code == 2
