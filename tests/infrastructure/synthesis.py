"""Synthesizes an environment for the tests, and looks into what came out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from aws_cdk import App

from environments import ENVIRONMENTS, PROD, Environment
from retail_constructs.uncollected import uncollected

Template: TypeAlias = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("Networking", "Security", "Edge", "Ingress", "Application", "Data", "Events", "Analytics")
EXPERIMENTS = "prod with experiments"
SHAPES = (*ENVIRONMENTS, EXPERIMENTS)  # all that may be deployed

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
        """All resources of that type by logical id, in the given stacks or in all.

        Raises `ValueError` where two stacks have the same id, of which only one would be looked at.
        """
        found = self._resources(resource_type, stacks)
        by_id = {logical_id: resource for _, logical_id, resource in found}
        if len(by_id) < len(found):
            raise ValueError(f"{resource_type}: ids repeat among {[entry[:2] for entry in found]}: name the stack")
        return by_id

    def properties(self, resource_type: str, *stacks: str) -> list[Template]:
        """The properties of all resources of that type, in the given stacks or in all."""
        return [resource.get("Properties", {}) for _, _, resource in self._resources(resource_type, stacks)]

    def only(self, resource_type: str, *stacks: str) -> Template:
        """The properties of the one resource of that type."""
        (properties,) = self.properties(resource_type, *stacks)
        return properties

    def _resources(self, resource_type: str, stacks: tuple[str, ...]) -> list[tuple[str, str, Template]]:
        """Stack, logical id and resource of everything of that type."""
        return [
            (stack, logical_id, resource)
            for stack in stacks or STACKS
            for logical_id, resource in self.templates[stack]["Resources"].items()
            if resource["Type"] == resource_type
        ]


def variant(name: str) -> Environment:
    """The environment of that name, or `EXPERIMENTS`: `prod` as it is when people may break it on purpose."""
    if name != EXPERIMENTS:
        return ENVIRONMENTS[name]
    return replace(PROD, operations=replace(PROD.operations, fault_injection=True))


def synthesize(name: str, directory: Path, *, image_tag: str | None = None) -> Synthesized:
    """Build one environment's platform into `directory`, without the library's own validation (2 s of a synth)."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    with uncollected():
        from stacks.platform import Platform  # only here: reading it makes as much that stays as building it does

        app = App(context=flags, outdir=str(directory), builtin_cloud_formation_validation=False)
        Platform(app, variant(name), image_tag=image_tag)
        app.synth()
    return Synthesized(name, app, directory)


def normalised(template: Template) -> Template:
    """The template without what every edit of code or dependencies changes: asset hashes, ids of function versions."""
    text = _ASSET_HASH.sub("<hash>", json.dumps(template, sort_keys=True))
    masked: Template = json.loads(_FUNCTION_VERSION.sub(r"\1<version>", text))
    return masked
