"""Two linters that know CloudFormation's schemas find no error and no warning in any template."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any, TypeAlias

import pytest
from cfnlint import lint
from cfnlint.config import ManualArgs
from cloudformation_validate import RegoEngine  # type: ignore[import-untyped]

from environments import ENVIRONMENTS
from tests.infrastructure.synthesis import EXPERIMENTS, STACKS, Synthesized

pytestmark = pytest.mark.slow

# W3005 objects to a DependsOn that a GetAtt implies already; CDK writes it beside one that nothing implies.
# W3010 objects to zones by name, which is how the templates stay free of look-ups.
ACCEPTED = ["W3005", "W3010"]
# All that may be deployed; experiments change the last stack alone (test_experiments).
TEMPLATES = [*product(ENVIRONMENTS, STACKS), (EXPERIMENTS, STACKS[-1])]

Platforms: TypeAlias = Callable[[str], Synthesized]


@pytest.fixture(scope="module")
def engine() -> RegoEngine:
    """The rules, compiled once."""
    return RegoEngine()


@pytest.mark.parametrize(("shape", "stack"), TEMPLATES)
def test_cloudformation_validate_finds_nothing(
    shape: str, stack: str, platforms: Platforms, engine: RegoEngine
) -> None:
    report = engine.validate_template(str(platforms(shape).path_of(stack)))

    assert [
        f"{found.rule_id} {found.message}"
        for found in report.diagnostics
        if found.severity.name not in ("INFO", "DEBUG") and found.rule_id not in ACCEPTED
    ] == []


@pytest.mark.parametrize(("shape", "stack"), TEMPLATES)
def test_cfn_lint_finds_nothing(shape: str, stack: str, platforms: Platforms) -> None:
    region = "us-east-1" if stack == "Edge" else "us-east-2"
    template = json.dumps(as_imports(platforms(shape).templates[stack]))

    found = lint(template, config=ManualArgs(regions=[region], ignore_checks=ACCEPTED))

    assert [str(match) for match in found] == []


def as_imports(value: Any) -> Any:
    """The template with weak references as `Fn::ImportValue`, the function of the same shape that cfn-lint knows."""
    if isinstance(value, dict):
        if "Fn::GetStackOutput" in value:
            return {"Fn::ImportValue": value["Fn::GetStackOutput"]["OutputName"]}
        return {key: as_imports(inner) for key, inner in value.items()}
    return [as_imports(inner) for inner in value] if isinstance(value, list) else value
