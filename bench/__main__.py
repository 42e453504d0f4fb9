"""The benchmarks from the command line: `python -m bench synth`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.synth import RESULT, SPEED_TARGETS, measure

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How fast things are, each measurement beside a yardstick of the same machine and run.",
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@app.callback()
def benchmarks() -> None:
    """Keeps `synth` a command of its own while it is the only one."""


@app.command(epilog="Example: python -m bench synth --rounds 7")
def synth(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is run, in turn.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Synthesis of prod, with every check and without, as ratios to an empty CDK app; into bench/results/."""
    with errors.status("") as progress:
        result = measure(rounds, lambda number, name: progress.update(f"Round {number} of {rounds}: {name} …"))
    RESULT.write_text(json.dumps(result.document(), indent=2) + "\n")
    if as_json:
        sys.stdout.write(RESULT.read_text())
        return
    table = Table("", "median", "fastest", "ratio", "target", box=None)
    for name in result.seconds:
        target = SPEED_TARGETS.get(name)
        table.add_row(
            name,
            f"{result.median(name):.2f} s",
            f"{min(result.seconds[name]):.2f} s",
            f"{result.ratio(name):.2f}",
            f"{target:.0f} at most" if target else "",
        )
    console.print(table)
    console.print(f"\n{result.resources} resources, {rounds} rounds", style="dim")


if __name__ == "__main__":
    app()
