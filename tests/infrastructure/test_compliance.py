"""Five rule packs: no finding is left open, and no acknowledgement is wider, older or vaguer than it must be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from aws_cdk import Validations

from retail_constructs.compliance import PACKS, acknowledge
from stacks.assembly import PACKS as CHECKS
from tests.infrastructure.synthesis import SHAPES, STACKS, Synthesized

ACKNOWLEDGEMENTS_PER_100_RESOURCES = 12
APP_WIDE_AT_MOST = 5
BY_THE_LIBRARY = "CloudFormation-Validate::"  # its own acknowledgement, of zones named in a template


@dataclass(frozen=True)
class Finding:
    """What a pack found, acknowledged or not."""

    id: str
    path: str


@dataclass(frozen=True)
class Acknowledgement:
    """What was accepted, where, and why; `path` is empty for the whole app."""

    id: str
    path: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it accepts that finding: the same rule, at its construct or below."""
        return self.id == finding.id and f"{finding.path}/".startswith(f"{self.path}/" if self.path else "")


def findings_of(platform: Synthesized) -> list[Finding]:
    """Everything the packs find; called like this they know nothing of acknowledgements with a pack in front."""
    return [
        Finding(f"{pack.name}::{violation.rule_name}", resource.construct_path or "")
        for pack in (check(platform.app) for check in CHECKS)
        for violation in pack.validate_scope(platform.app).violations
        for resource in violation.violating_resources
    ]


def acknowledgements_of(platform: Synthesized) -> list[Acknowledgement]:
    """Everything declared, as the assembly records it, and for the whole app as its root does."""
    key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY
    declared = [("", entry.data) for entry in platform.app.node.metadata if entry.type == key]
    for stack in STACKS:
        metadata = json.loads((platform.directory / f"{stack}.metadata.json").read_text())
        declared += [
            (path.strip("/"), entry["data"])
            for path, entries in metadata.items()
            for entry in entries
            if entry["type"] == key
        ]
    return [
        Acknowledgement(rule, path, reason)
        for path, rules in declared
        for rule, reason in rules.items()
        if not rule.startswith(BY_THE_LIBRARY)
    ]


@pytest.fixture(scope="module", params=SHAPES)
def audited(
    request: pytest.FixtureRequest, platforms: Callable[[str], Synthesized]
) -> tuple[Synthesized, list[Finding], list[Acknowledgement]]:
    """An environment with what was found in it and what was accepted."""
    platform = platforms(request.param)
    return platform, findings_of(platform), acknowledgements_of(platform)


Audited = tuple[Synthesized, list[Finding], list[Acknowledgement]]


def test_every_finding_is_acknowledged(audited: Audited) -> None:
    _, findings, acknowledgements = audited

    assert len(findings) > 50, "the packs did not run"
    unacknowledged = {finding for finding in findings if not any(a.covers(finding) for a in acknowledgements)}
    assert unacknowledged == set()


def test_every_acknowledgement_is_matched_by_a_finding(audited: Audited) -> None:
    _, findings, acknowledgements = audited

    unmatched = {(a.id, a.path) for a in acknowledgements if not any(a.covers(finding) for finding in findings)}
    assert unmatched == set()


def test_every_acknowledgement_names_its_pack_and_a_reason(audited: Audited) -> None:
    for acknowledgement in audited[2]:
        pack, _, rule = acknowledgement.id.partition("::")
        assert pack in PACKS
        assert rule.startswith(f"{pack}-")
        assert len(acknowledgement.reason) > 60, acknowledgement


def test_acknowledgements_are_narrow(audited: Audited) -> None:
    paths = [acknowledgement.path for acknowledgement in audited[2]]

    assert sum(not path for path in paths) <= APP_WIDE_AT_MOST
    assert not set(paths) & set(STACKS), "not for a whole stack"


def test_acknowledgements_are_few(audited: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    """Each identifier counts wherever it is declared: one rule of three packs at two places counts six times."""
    platform, findings, acknowledgements = audited
    resources = sum(len(template["Resources"]) for template in platform.templates.values())
    per_100 = 100 * len(acknowledgements) / resources
    figures = f"{len(acknowledgements)} on {resources} resources: {per_100:.2f} per 100"
    with capsys.disabled():
        print(f"\n  {platform.name}: {len(findings)} findings, all acknowledged by {figures}")

    assert per_100 < ACKNOWLEDGEMENTS_PER_100_RESOURCES, figures


def test_packs_that_run_are_those_that_the_audit_lists() -> None:
    assert tuple(pack().name for pack in CHECKS) == PACKS


def test_rule_of_no_pack_is_refused(dev: Synthesized) -> None:
    with pytest.raises(ValueError, match="'IAM5' belongs to no known pack: start it with one of AwsSolutions"):
        acknowledge(dev.app, "IAM5", because="never reached")
