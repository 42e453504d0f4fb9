"""Every statement of every policy in a template: who may do what on which resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from policy_sentry.querying.actions import get_action_data

from tests.infrastructure.synthesis import Synthesized

IDENTITY_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role")
REFERENCE = "<ref>"  # what stands for a value known at deployment only


@dataclass(frozen=True)
class Statement:
    """One `Allow` or `Deny`; resources as text, with `<ref>` for what is known at deployment only."""

    stack: str
    logical_id: str
    resource_type: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principal: Any
    condition: Any
    inverted: bool  # NotAction, NotResource or NotPrincipal

    @property
    def where(self) -> str:
        """The policy, to find it again."""
        return f"{self.stack}/{self.logical_id}"

    @property
    def of_identity(self) -> bool:
        """Whether it is a role's own, not a resource's: there `*` means every resource of the account."""
        return self.resource_type in IDENTITY_POLICIES and self.principal is None


def statements(platform: Synthesized) -> list[Statement]:
    """All statements of all policy documents of the environment, wherever in a template they stand."""
    return [
        _statement(stack, logical_id, resource["Type"], statement)
        for stack, template in platform.templates.items()
        for logical_id, resource in template["Resources"].items()
        for document in _documents(resource.get("Properties", {}))
        for statement in document["Statement"]
    ]


@cache
def arn_formats(action: str) -> tuple[str, ...] | None:
    """The kinds of resource that AWS's reference lists for an action, `*` alone for none; None: no such action."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    return tuple(row["resource_arn_format"] for row in found[service]) if found else None


def fits(resource: str, arn_format: str) -> bool:
    """Whether an ARN may be one of that kind; one that is known at deployment only always may."""
    if not resource.startswith("arn:") or arn_format == "*":
        return True
    wanted, given = arn_format.split(":", 5), resource.split(":", 5)
    pattern = re.sub(r"\\\$\\\{[^}]*\\\}(/|:|$)", _placeholder, re.escape(wanted[5]))
    return wanted[2] == given[2] and re.fullmatch(pattern, given[5]) is not None


def _placeholder(match: re.Match[str]) -> str:
    separator = match.group(1)
    return f"[^{separator}]+{separator}" if separator else ".+" if match.start() else "[^/]+"


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "Statement" in value and "Version" in value:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _documents(inner)


def _statement(stack: str, logical_id: str, resource_type: str, statement: dict[str, Any]) -> Statement:
    return Statement(
        stack=stack,
        logical_id=logical_id,
        resource_type=resource_type,
        effect=statement["Effect"],
        actions=tuple(_listed(statement.get("Action"))),
        resources=tuple(_text(resource) for resource in _listed(statement.get("Resource"))),
        principal=statement.get("Principal"),
        condition=statement.get("Condition"),
        inverted=any(key.startswith("Not") for key in statement),
    )


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        delimiter, parts = value["Fn::Join"]
        return str(delimiter).join(_text(part) for part in parts)
    return REFERENCE
