"""The compliance evidence of one environment, as files to hand over: `python -m ops.audit prod`."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ops.synth import ROOT, SynthesisError, synthesize
from retail_constructs.compliance import PACKS

OPEN, ACKNOWLEDGED = "open", "acknowledged"

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """What one pack holds against one resource; acknowledged ones say where that was declared (`app`: everywhere)."""

    status: str
    pack: str
    rule: str
    resource: str
    severity: str
    description: str
    acknowledged_at: str
    reason: str
    pack_version: str


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Every finding of an environment, and the version of every pack that looked, also of those that found nothing."""

    environment: str
    packs: Mapping[str, str]
    findings: Sequence[Finding]

    def count(self, status: str, pack: str | None = None) -> int:
        """How many findings have that status, in one pack or in all."""
        return sum(found.status == status and pack in (None, found.pack) for found in self.findings)

    @property
    def verdict(self) -> str:
        """The state of the open findings in words, also when there is none."""
        number = self.count(OPEN)
        return f"Open findings: {number}" if number else "Open findings: none"

    def summary(self) -> str:
        """The figures per pack and per rule, as a Markdown document."""
        rules = Counter((found.pack, found.rule) for found in self.findings)
        lines = [f"# Compliance of `{self.environment}`", "", f"**{self.verdict}.**", ""]
        lines += ["| pack | version | open | acknowledged |", "|---|---|---|---|"]
        lines += [
            f"| {pack} | {number} | {self.count(OPEN, pack)} | {self.count(ACKNOWLEDGED, pack)} |"
            for pack, number in self.packs.items()
        ]
        lines += ["", "| pack | rule | findings |", "|---|---|---|"]
        lines += [f"| {pack} | `{rule}` | {number} |" for (pack, rule), number in sorted(rules.items())]
        return "\n".join(lines) + "\n"

    def write(self, directory: Path) -> None:
        """Write `findings.csv`, `findings.json` and `summary.md`; a list without entries is written as such."""
        directory.mkdir(parents=True, exist_ok=True)
        rows = [asdict(found) for found in self.findings]
        with (directory / "findings.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Finding)])
            writer.writeheader()
            writer.writerows(rows)
        (directory / "findings.json").write_text(json.dumps(self.document(), indent=2) + "\n", encoding="utf-8")
        (directory / "summary.md").write_text(self.summary(), encoding="utf-8")

    def document(self) -> dict[str, Any]:
        """The audit as one JSON document: open and acknowledged findings in a list each."""
        rows = {status: [asdict(f) for f in self.findings if f.status == status] for status in (OPEN, ACKNOWLEDGED)}
        return {"environment": self.environment, "verdict": self.verdict, "packs": dict(self.packs), **rows}


def read(environment: str, report: Mapping[str, Any]) -> Audit:
    """The audit that a validation report of CDK amounts to; packs of which it says nothing found nothing."""
    plugins = report["pluginReports"]
    packs = dict.fromkeys(PACKS, f"cdk-nag {version('cdk-nag')}")
    packs |= {plugin["pluginName"]: plugin["pluginVersion"] for plugin in plugins if plugin["pluginName"] not in PACKS}
    findings = [found for plugin in plugins for found in _findings(plugin, packs[plugin["pluginName"]])]
    return Audit(environment=environment, packs=packs, findings=sorted(findings))


def _findings(plugin: Mapping[str, Any], pack_version: str) -> Iterator[Finding]:
    for status, key in ((OPEN, "violations"), (ACKNOWLEDGED, "suppressedViolations")):
        for violation in plugin.get(key, []):
            for construct in violation["violatingConstructs"]:
                yield Finding(
                    status=status,
                    pack=plugin["pluginName"],
                    rule=violation["ruleName"],
                    resource=construct["constructPath"],
                    severity=violation["severity"],
                    description=violation["description"],
                    acknowledged_at=(violation.get("acknowledgedAt") or "app") if status == ACKNOWLEDGED else "",
                    reason=violation.get("reason", ""),
                    pack_version=pack_version,
                )


def audit(environment: str) -> Audit:
    """Synthesize and read what was found; open findings are an answer. Raises SynthesisError without any report."""
    report = ROOT / "build" / environment / "validation-report.json"
    report.unlink(missing_ok=True)  # never an older one's
    try:
        synthesize(environment)
    except SynthesisError:
        if not report.exists():
            raise
    return read(environment, json.loads(report.read_text()))


@app.command(epilog="Example: python -m ops.audit prod --json")
def main(
    environment: Annotated[str, typer.Argument(help="dev, staging or prod.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Write every finding of every rule pack to build/ENVIRONMENT/audit/. Exits 1 when a finding is open."""
    began = time.monotonic()
    try:
        with errors.status(f"Synthesize and check {environment} …"):
            result = audit(environment)
    except SynthesisError as problem:
        errors.print(str(problem), markup=False)
        raise typer.Exit(2) from None
    directory = ROOT / "build" / environment / "audit"
    result.write(directory)
    if as_json:
        sys.stdout.write(json.dumps(result.document(), indent=2) + "\n")
    else:
        table = Table("pack", "version", "open", "acknowledged", box=None)
        for pack, number in result.packs.items():
            table.add_row(pack, number, *(str(result.count(status, pack)) for status in (OPEN, ACKNOWLEDGED)))
        console.print(table)
        console.print(f"\n{result.verdict}    {directory.relative_to(ROOT)}/   {time.monotonic() - began:.1f} s")
    raise typer.Exit(1 if result.count(OPEN) else 0)


if __name__ == "__main__":
    app()
