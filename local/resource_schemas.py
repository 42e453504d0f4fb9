"""The names of every CloudFormation resource type's identifiers and attributes, from cfn-lint's bundled schemas."""

from __future__ import annotations

import json
from pathlib import Path

REGION = "us-east-2"
FILE = Path(__file__).resolve().parent.parent / "build" / "cache" / "resource-schemas.json"


def write() -> None:
    """Writes them to `FILE`: the emulator takes the names of what it can only record from there."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # takes two seconds, which only set-up should pay

    schemas = {}
    for resource_type in PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
        schemas[resource_type] = {
            "identifier": schema.get("primaryIdentifier", []),
            "read_only": schema.get("readOnlyProperties", []),
        }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(schemas))


if __name__ == "__main__":
    write()
