"""Synthesizes an environment for the tests, and looks into what came out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from aws_cdk import App

from environments import ENVIRONMENTS
from stacks.platform import Platform

Template: TypeAlias = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("Networking", "Security", "Edge", "Ingress", "Application", "Data", "Events", "Analytics")

_ASSET_HASH = re.compile(r"[0-9a-f]{64}")
_FUNCTION_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")


@dataclass(frozen=True)
class Synthesized:
    """One environment's app and the assembly it became."""

    name: str
    app: App
    directory: Path

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Every stack's template by the stack's id."""
        return {stack: json.loads(self.path_of(stack).read_text()) for stack in STACKS}

    def path_of(self, stack: str) -> Path:
        """Where the template of that stack lies."""
        return self.directory / f"{stack}.template.json"

    def resources(self, resource_type: str, *stacks: str) -> dict[str, Template]:
        """All resources of that type by logical id, in the given stacks or in all."""
        return {
            logical_id: resource
            for stack in stacks or STACKS
            for logical_id, resource in self.templates[stack]["Resources"].items()
            if resource["Type"] == resource_type
        }

    def properties(self, resource_type: str, *stacks: str) -> list[Template]:
        """The properties of all resources of that type, in the given stacks or in all."""
        return [resource.get("Properties", {}) for resource in self.resources(resource_type, *stacks).values()]

    def only(self, resource_type: str, *stacks: str) -> Template:
        """The properties of the one resource of that type."""
        (properties,) = self.properties(resource_type, *stacks)
        return properties


def synthesize(name: str, directory: Path, *, image_tag: str | None = None) -> Synthesized:
    """Build one environment's platform into `directory`, without the library's own validation (2 s of a synth)."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(context=flags, outdir=str(directory), builtin_cloud_formation_validation=False)
    Platform(app, ENVIRONMENTS[name], image_tag=image_tag)
    app.synth()
    return Synthesized(name, app, directory)


def normalised(template: Template) -> Template:
    """The template without what every edit of code or dependencies changes: asset hashes, ids of function versions."""
    text = _ASSET_HASH.sub("<hash>", json.dumps(template, sort_keys=True))
    masked: Template = json.loads(_FUNCTION_VERSION.sub(r"\1<version>", text))
    return masked
