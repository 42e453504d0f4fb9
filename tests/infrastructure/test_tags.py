"""Everything taggable says whose it is, who pays for it, and how sensitive its data is."""

from __future__ import annotations

from tests.infrastructure.resource_types import tag_property
from tests.infrastructure.synthesis import Synthesized, Template

TAGS = {"service", "environment", "owner", "cost-centre", "data-class"}
CLASSES = {"public", "internal", "confidential", "restricted"}


def tags_of(resource: Template, name: str) -> dict[str, str]:
    """The resource's tags, whichever of the two spellings its type has."""
    tags = resource.get("Properties", {}).get(name, {})
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def test_everything_taggable_has_the_five_tags(platform: Synthesized) -> None:
    missing = {}
    for stack, template in platform.templates.items():
        for logical_id, resource in template["Resources"].items():
            name = tag_property(resource["Type"]) if resource["Type"].startswith("AWS::") else None
            lacks = TAGS - set(tags_of(resource, name)) if name else set()
            if lacks:
                missing[f"{stack}/{logical_id} ({resource['Type']})"] = lacks

    assert missing == {}


def test_data_of_customers_and_secrets_are_classed_as_such(platform: Synthesized) -> None:
    def classes(stack: str) -> set[str]:
        resources = platform.templates[stack]["Resources"].values()
        return {tags["data-class"] for r in resources if (tags := tags_of(r, "Tags")) and "data-class" in tags}

    assert classes("Data") == classes("Events") == {"confidential"}
    assert classes("Security") == {"restricted"}
    assert all(classes(stack) <= CLASSES for stack in platform.templates)
