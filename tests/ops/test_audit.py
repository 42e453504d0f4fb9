"""`make audit` hands over every finding of every pack, and says it when none is open."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import audit
from ops.synth import SynthesisError
from retail_constructs.compliance import PACKS


def violation(rule: str, resource: str, **acknowledged: str) -> dict[str, Any]:
    """One entry of a validation report, as CDK writes it."""
    where = {"constructPath": resource}
    return {
        "ruleName": rule,
        "description": f"about {rule}",
        "severity": "error",
        "violatingConstructs": [where],
        **acknowledged,
    }


ACCEPTED = violation("Serverless-A", "Events/Q/Resource", acknowledgedAt="Events/Q", reason="the end of the line")
EVERYWHERE = violation("AwsSolutions-L1", "Data/F/Resource", reason="the tested version")
UNSOLVED = violation("AwsSolutions-S1", "Data/Lake/Resource")


def report(*opened: dict[str, Any]) -> dict[str, Any]:
    """A validation report with these findings open, and one acknowledged in each of two packs."""
    return {
        "pluginReports": [
            {"pluginName": "AwsSolutions", "violations": [*opened], "suppressedViolations": [EVERYWHERE]},
            {"pluginName": "Serverless", "violations": [], "suppressedViolations": [ACCEPTED]},
            {"pluginName": "CloudFormation Validate", "pluginVersion": "1.2.3", "violations": []},
        ]
    }


def test_files_hold_each_finding_with_rule_resource_reason_and_version(tmp_path: Path) -> None:
    audit.read("prod", report(UNSOLVED)).write(tmp_path)

    document = json.loads((tmp_path / "findings.json").read_text())
    with (tmp_path / "findings.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows == [*document["acknowledged"], *document["open"]]
    assert [(row["status"], row["rule"], row["resource"], row["acknowledged_at"], row["reason"]) for row in rows] == [
        ("acknowledged", "AwsSolutions-L1", "Data/F/Resource", "app", "the tested version"),
        ("acknowledged", "Serverless-A", "Events/Q/Resource", "Events/Q", "the end of the line"),
        ("open", "AwsSolutions-S1", "Data/Lake/Resource", "", ""),
    ]
    assert {row["pack_version"] for row in rows} == {document["packs"]["Serverless"]}


def test_no_open_finding_is_stated(tmp_path: Path) -> None:
    audit.read("prod", report()).write(tmp_path)

    assert json.loads((tmp_path / "findings.json").read_text())["open"] == []
    assert "Open findings: none." in (tmp_path / "summary.md").read_text()


def test_pack_that_found_nothing_is_listed_with_its_version() -> None:
    packs = audit.read("prod", report()).packs

    assert set(packs) == {*PACKS, "CloudFormation Validate"}
    assert packs["CloudFormation Validate"] == "1.2.3"
    assert "| HIPAA.Security | cdk-nag 3" in audit.read("prod", report()).summary()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose synthesis leaves a report with an open finding, as a failed one does."""

    def synthesize(environment: str) -> Path:
        directory = tmp_path / "build" / environment
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "validation-report.json").write_text(json.dumps(report(UNSOLVED)))
        raise SynthesisError("validation failed")

    monkeypatch.setattr(audit, "ROOT", tmp_path)
    monkeypatch.setattr(audit, "synthesize", synthesize)
    return tmp_path


def test_open_finding_is_an_answer_and_an_exit_code(root: Path) -> None:
    result = CliRunner().invoke(audit.app, ["prod", "--json"])

    assert result.exit_code == 1
    assert json.loads(result.stdout)["verdict"] == "Open findings: 1"
    assert (root / "build" / "prod" / "audit" / "findings.csv").is_file()


def test_failed_synthesis_is_never_answered_with_an_older_report(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(audit.app, ["prod"])

    def fail(environment: str) -> Path:
        raise SynthesisError(f"error: unknown environment {environment!r}")

    monkeypatch.setattr(audit, "synthesize", fail)
    result = CliRunner().invoke(audit.app, ["prod"])
    assert result.exit_code == 2
    assert "unknown environment 'prod'" in result.stderr
