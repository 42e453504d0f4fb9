"""Acknowledging a compliance finding beside the resource that causes it."""

from __future__ import annotations

import json
from typing import Any

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct, IValidation

PACKS = ("AwsSolutions", "HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321", "Serverless")

# One reason for several findings, so that the audit shows one decision where there is one.
NO_DOMAIN = (
    "Without a domain there is no certificate for CloudFront's viewers or for its way to the load balancer: such an "
    "environment holds sample data, viewers are redirected to HTTPS, and the load balancer admits CloudFront alone."
)


def acknowledge(scope: IConstruct, *rules: str, because: str) -> None:
    """Accept findings of `rules` on `scope` and below; `because` names the control that compensates.

    A rule is written as the report shows it (`AwsSolutions-IAM5[Resource::*]`); its pack is put in front,
    for an acknowledgement without it hides the finding from the report altogether.
    """
    Validations.of(scope).acknowledge(
        *(Acknowledgment(id=f"{_pack_of(rule)}::{rule}", reason=because) for rule in rules)
    )


def in_packs(rule: str, *packs: str) -> list[str]:
    """The same rule in several packs: `in_packs("LambdaInsideVPC", "NIST.800.53.R5", "PCI.DSS.321")`."""
    return [f"{pack}-{rule}" for pack in packs]


def acknowledge_wildcard(scope: IConstruct, resource: str, *, because: str) -> None:
    """Accept that a policy below `scope` grants `resource`, an ARN that ends in a wildcard.

    The finding's id holds the ARN as the template has it, which for another stack's resource is known only once
    references are resolved; so the acknowledgement is made then.
    """
    scope.node.add_validation(_AcknowledgeWhenResolved(scope, resource, because))


def _pack_of(rule: str) -> str:
    pack = next((pack for pack in PACKS if rule.startswith(f"{pack}-")), None)
    if pack is None:
        raise ValueError(f"rule {rule!r} belongs to no known pack: start it with one of {', '.join(PACKS)}")
    return pack


@jsii.implements(IValidation)
class _AcknowledgeWhenResolved:
    def __init__(self, scope: IConstruct, resource: str, because: str) -> None:
        self._scope, self._resource, self._because = scope, resource, because

    def validate(self) -> list[str]:
        finding = _flat(Stack.of(self._scope).resolve(self._resource))
        acknowledge(self._scope, f"AwsSolutions-IAM5[Resource::{finding}]", because=self._because)
        return []


def _flat(value: Any) -> str:
    """A template value as cdk-nag writes it into a finding's id (its `flattenCfnReference`)."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        delimiter, parts = value["Fn::Join"]
        return str(delimiter).join(_flat(part) for part in parts)
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    if "Ref" in value:
        return f"<{value['Ref']}>"
    return json.dumps(value, separators=(",", ":"))
