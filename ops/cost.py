"""What an environment costs a month, from its synthesized templates: `python -m ops.cost prod`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ops.cost_model import LIGHT_TRAFFIC, PRICES, Line, Template, lines
from ops.cost_rules import FREE, RULES
from ops.synth import ROOT, SynthesisError, synthesize

DOCUMENT = ROOT / "docs" / "cost.md"
# Row P24, by stack; the edge is the part of ingress that lies in us-east-1.
REFERENCE = {
    "networking": 70,
    "security": 2,
    "ingress": 42,
    "application": 34,
    "data": 145,
    "events": 3,
    "analytics": 73,
}
REFERENCE_TOTAL = sum(REFERENCE.values())


def templates_in(assembly: Path) -> dict[str, Template]:
    """The templates of a cloud assembly by stack id."""
    files = sorted(assembly.glob("*.template.json"))
    return {file.name.removesuffix(".template.json"): json.loads(file.read_text()) for file in files}


def bill(templates: Mapping[str, Template]) -> list[Line]:
    """Every line of a month of light traffic."""
    return lines(templates, RULES, FREE)


def by_stack(month: Sequence[Line]) -> dict[str, float]:
    """USD a month by the reference's stacks."""
    sums = dict.fromkeys(REFERENCE, 0.0)
    for line in month:
        stack = line.stack.lower()
        sums["ingress" if stack == "edge" else stack] += line.dollars
    return sums


def document(month: Sequence[Line]) -> str:
    """`docs/cost.md`: the sums beside the reference, what they consist of, and what they rest on."""
    sums, prices = by_stack(month), json.loads(PRICES.read_text())
    traffic = json.loads(LIGHT_TRAFFIC.read_text())
    rows = [f"| {stack} | {dollars:.2f} | {REFERENCE[stack]} |" for stack, dollars in sums.items()]
    largest = sorted(_by_price(month).items(), key=lambda item: (-round(item[1][1], 2), item[0]))
    details = [
        f"| {stack} | {price.replace('_', ' ')} | {quantity:,.2f} | {dollars:.2f} |"
        for (stack, price), (quantity, dollars) in largest
        if dollars >= 0.005
    ]
    return "\n".join(
        [
            "# What `prod` costs a month",
            "",
            "Made by `python -m ops.cost prod --write` from the templates; do not edit. A test compares it.",
            "",
            traffic["description"],
            f"List prices in {prices['currency']} of {prices['region']}, collected {prices['collected']}, with their",
            "sources in `ops/prices.json`; the traffic in full is in `ops/light_traffic.json`. Only CloudFront's free",
            "allowance is taken off. Taxes, support and data transfer to the internet are not in it.",
            "",
            "| stack | ours, USD | reference, USD |",
            "|---|---:|---:|",
            *rows,
            f"| **total** | **{sum(sums.values()):.2f}** | **{REFERENCE_TOTAL}** |",
            "",
            "## What it consists of",
            "",
            "| stack | priced by | quantity | USD |",
            "|---|---|---:|---:|",
            *details,
            "",
        ]
    )


def _by_price(month: Sequence[Line]) -> dict[tuple[str, str], tuple[float, float]]:
    """(stack, price) → quantity and USD."""
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for line in month:
        key = (line.stack.lower(), line.price)
        quantity, dollars = sums.get(key, (0.0, 0.0))
        sums[key] = (quantity + line.quantity, dollars + line.dollars)
    return sums


def main(
    environment: Annotated[str, typer.Argument(help="dev, staging or prod")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs: sums by stack, and every line")] = False,
    write: Annotated[bool, typer.Option("--write", help=f"Write {DOCUMENT.relative_to(ROOT)} (of prod only)")] = False,
) -> None:
    """What an environment costs a month at light traffic, by stack.

    Example: python -m ops.cost prod --json
    """
    if write and environment != "prod":
        raise typer.BadParameter("the document is about prod: use `prod --write`")
    try:
        month = bill(templates_in(synthesize(environment)))
    except SynthesisError as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    sums = by_stack(month)
    if write:
        DOCUMENT.write_text(document(month))
    if as_json:
        every_line = [vars(line) for line in month]
        typer.echo(json.dumps({"total": sum(sums.values()), "stacks": sums, "lines": every_line}, indent=2))
        return
    for stack, dollars in sums.items():
        typer.echo(f"  {stack:<12} {dollars:8.2f}")
    typer.echo(f"  {'total':<12} {sum(sums.values()):8.2f} USD a month")


if __name__ == "__main__":
    typer.run(main)
