"""What grants make inline policies of becomes managed policies, as three of the rule packs ask."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct


def manage_policies(scope: IConstruct) -> None:
    """Make each inline policy below `scope` a managed one, under the same logical id and attached to the same roles.

    A grant writes into the role's inline policy, and CDK has no switch for that. A managed policy has versions and
    its own line in the audit trail. Call it last: a policy that is made afterwards stays inline.
    """
    for inline in scope.node.find_all():
        if isinstance(inline, iam.CfnPolicy):
            node = inline.node
            policy, id = cast(Construct, node.scope), node.id
            policy.node.try_remove_child(id)
            iam.CfnManagedPolicy(policy, id, policy_document=inline.policy_document, roles=inline.roles)
