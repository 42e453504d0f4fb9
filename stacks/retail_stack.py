"""What all stacks have in common: name, region, protection, tags."""

from __future__ import annotations

from typing import ClassVar

from aws_cdk import Environment as Target
from aws_cdk import Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Placement


class RetailStack(Stack):
    """A stack `retail-<environment>-<id>` in the environment's region, protected where the environment is durable.

    Knows its region but no account: the same assembly deploys into any. Everything that can bears five tags: service,
    environment, owner, cost-centre, and data-class, the most sensitive data that the stack holds.
    """

    DATA_CLASS: ClassVar[str] = "internal"  # or "public", "confidential" (of customers), "restricted" (keys, secrets)

    def __init__(self, scope: Construct, id: str, *, placement: Placement, region: str | None = None) -> None:
        super().__init__(
            scope,
            id,
            stack_name=f"retail-{placement.name}-{id.lower()}",
            description=" ".join((self.__doc__ or id).split("\n")[0].split()),
            env=Target(region=region or placement.region),
            termination_protection=placement.durable,
        )
        self.placement = placement
        self.shared_tags = {
            "service": "retail",
            "environment": placement.name,
            "owner": placement.owner,
            "cost-centre": placement.cost_centre,
            "data-class": self.DATA_CLASS,
        }
        tags = Tags.of(self)
        for name, value in self.shared_tags.items():
            tags.add(name, value)

    def import_key(self, key: kms.IKey) -> kms.IKey:
        """The platform's key as seen from this stack: grants stay on the grantee's side, for its policy is whole."""
        return kms.Key.from_key_arn(self, "DataKey", key.key_arn)

    def import_role(self, id: str, role: iam.IRole) -> iam.IRole:
        """An earlier stack's role as seen from this one: what this stack grants it lands in a policy here."""
        return iam.Role.from_role_arn(self, id, role.role_arn)
