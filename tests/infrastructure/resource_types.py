"""What CloudFormation's own schemas say about a resource type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-2"
_KEY_NAME = re.compile(r"^(kms|encryptionkey).*$|kmskey", re.IGNORECASE)


@cache
def schema(resource_type: str) -> dict[str, Any]:
    """The schema of a type of AWS's."""
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    return found


def takes_a_key(resource_type: str) -> bool:
    """Whether a resource of that type can be encrypted with a key of its owner's choice."""
    return any(_KEY_NAME.search(name) for name in _properties(schema(resource_type), resource_type, frozenset()))


def tag_property(resource_type: str) -> str | None:
    """The property that holds its tags; None for a type that has none."""
    tagging = schema(resource_type).get("tagging", {})
    if not tagging.get("taggable", True):
        return None
    name = str(tagging.get("tagProperty") or "/properties/Tags").rsplit("/", 1)[-1]
    return name if name in schema(resource_type)["properties"] else None


def _properties(part: dict[str, Any], resource_type: str, seen: frozenset[str]) -> Iterator[str]:
    """The names of all properties, nested ones too."""
    for name, value in part.get("properties", {}).items():
        yield name
        yield from _properties(value, resource_type, seen)
        reference = value.get("$ref") or value.get("items", {}).get("$ref")
        if reference and reference not in seen:
            definition = schema(resource_type)["definitions"][reference.rsplit("/", 1)[-1]]
            yield from _properties(definition, resource_type, seen | {reference})
