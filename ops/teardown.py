"""Takes down an environment that is not durable, with all its data: `python -m ops.teardown dev`.

CloudFormation deletes no database and no load balancer that is protected, and they are in every environment. So the
protection is lifted first, and the stacks go in the reverse order of their deployment, each once its successors are
gone. What stopped halfway goes on when it is called again. Talks to the account of the caller's credentials.
Exit codes: 0 nothing is left, 1 something is and the output says what, 2 wrong arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from rich.console import Console

from environments import Environment, InvalidEnvironmentError, named
from ops.refusals import explained

STACKS = ("networking", "security", "edge", "ingress", "application", "data", "events", "analytics")  # as deployed
CLOUDFRONT_REGION = "us-east-1"
LOAD_BALANCER, CLUSTER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::RDS::DBCluster"
WAIT_FOR_AN_HOUR = {"Delay": 15, "MaxAttempts": 240}  # functions leave the network after twenty minutes and more

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class TeardownError(Exception):
    """Why something is still there."""


@dataclass(frozen=True)
class Stack:
    """One stack of an environment, where it is deployed."""

    name: str
    region: str

    @property
    def _cloudformation(self) -> Any:  # its types are not installed
        return boto3.client("cloudformation", region_name=self.region)

    def exists(self) -> bool:
        """Whether there is anything to delete."""
        try:
            self._cloudformation.describe_stacks(StackName=self.name)
        except ClientError as error:
            if "does not exist" in str(error):
                return False
            raise
        return True

    def lift_protection(self) -> Iterator[str]:
        """Let load balancers and database clusters be deleted; says which."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        for resource in (resource for page in pages for resource in page["StackResourceSummaries"]):
            there = "PhysicalResourceId" in resource and resource["ResourceStatus"] != "DELETE_COMPLETE"
            if there and resource["ResourceType"] == LOAD_BALANCER:
                boto3.client("elbv2", region_name=self.region).modify_load_balancer_attributes(
                    LoadBalancerArn=resource["PhysicalResourceId"],
                    Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
                )
            elif there and resource["ResourceType"] == CLUSTER:
                boto3.client("rds", region_name=self.region).modify_db_cluster(
                    DBClusterIdentifier=resource["PhysicalResourceId"], DeletionProtection=False, ApplyImmediately=True
                )
            else:
                continue
            yield resource["LogicalResourceId"]

    def delete(self) -> None:
        """Delete the stack and wait until it is gone; raises TeardownError with what did not go."""
        self._cloudformation.delete_stack(StackName=self.name)
        try:
            self._cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=self.name, WaiterConfig=WAIT_FOR_AN_HOUR
            )
        except WaiterError as error:
            raise TeardownError(f"{self.name} is not deleted, its events say why: {error}") from error


def stacks_of(environment: Environment) -> list[Stack]:
    """The stacks in the order in which they can be deleted."""
    region = environment.placement.region
    return [
        Stack(f"retail-{environment.placement.name}-{name}", CLOUDFRONT_REGION if name == "edge" else region)
        for name in reversed(STACKS)
    ]


def take_down(environment: Environment) -> None:
    """Delete every stack that is there. Raises TeardownError for a durable environment and for what does not go."""
    if environment.placement.durable:
        raise TeardownError(f"{environment.placement.name} is durable: its data is meant to outlive its stacks")
    for stack in stacks_of(environment):
        if not stack.exists():
            continue
        for protected in stack.lift_protection():
            console.print(f"{stack.name}: {protected} may be deleted")
        console.print(f"{stack.name}: deleting …")
        stack.delete()


def main(
    environment: Annotated[str, typer.Argument(help="dev or staging; prod's data outlives its stacks")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Delete every stack of ENVIRONMENT, protected or not, with all data."""
    try:
        chosen = named(environment)
    except InvalidEnvironmentError as problem:
        raise typer.BadParameter(str(problem)) from None
    if not (yes or typer.confirm(f"Delete {environment} with its orders, customers and logs?")):
        raise typer.Exit(1)
    try:
        take_down(chosen)
    except (TeardownError, ClientError, BotoCoreError) as problem:
        errors.print(f"teardown: {explained(problem)}", style="red")
        raise typer.Exit(1) from None
    console.print(f"Nothing of {environment} is left.")


if __name__ == "__main__":
    typer.run(main)
