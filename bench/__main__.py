"""The benchmarks from the command line: `python -m bench synth`, `… frameworks`, `… imports`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import imports as cold_starts
from bench import synth as synthesis
from bench.frameworks import measurement as candidates
from bench.synth import SPEED_TARGETS

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How fast things are, each measurement beside a yardstick of the same machine and run.",
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@app.command(epilog="Example: python -m bench synth --rounds 7")
def synth(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is run, in turn.")] = 5,
    as_json: Json = False,
) -> None:
    """Synthesis of prod, with every check and without, as ratios to an empty CDK app; into bench/results/."""
    with errors.status("") as progress:
        result = synthesis.measure(
            rounds, lambda number, name: progress.update(f"Round {number} of {rounds}: {name} …")
        )
    synthesis.RESULT.write_text(json.dumps(result.document(), indent=2) + "\n")
    if as_json:
        sys.stdout.write(synthesis.RESULT.read_text())
        return
    table = Table("", "median", "fastest", "ratio", "of CPU", "target", box=None)
    for name in result.runs:
        target = SPEED_TARGETS.get(name)
        table.add_row(
            name,
            f"{result.median(name):.2f} s",
            f"{min(run.elapsed for run in result.runs[name]):.2f} s",
            f"{result.ratio(name):.2f}",
            f"{result.cpu_ratio(name):.2f}",
            f"{target:.0f} at most" if target else "",
        )
    console.print(table)
    console.print(f"\n{result.resources} resources, {rounds} rounds", style="dim")


@app.command(epilog="Example: python -m bench frameworks --rounds 5 --seconds 2")
def frameworks(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is driven, in turn.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, max=60, help="How long an endpoint is driven.")] = 2,
    as_json: Json = False,
) -> None:
    """Web frameworks with the same page and the same validated order, as ratios to the fastest; into bench/results/."""
    with errors.status("") as progress:
        result = candidates.measure(
            rounds, seconds, lambda number, name: progress.update(f"Round {number} of {rounds}: {name} …")
        )
    candidates.RESULT.write_text(json.dumps(result.document(), indent=2) + "\n")
    if as_json:
        sys.stdout.write(candidates.RESULT.read_text())
        return
    table = Table("requests per second", *result.rates, box=None)
    for framework in candidates.CANDIDATES:
        cells = (
            f"{result.median(endpoint, framework):,.0f} ({result.ratio(endpoint, framework):.2f})"
            for endpoint in result.rates
        )
        table.add_row(framework, *cells)
    console.print(table)


@app.command(epilog="Example: python -m bench imports --rounds 7")
def imports(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is imported, in turn.")] = 7,
    as_json: Json = False,
) -> None:
    """The import of each function, as a ratio to that of a handler that imports boto3 alone; into bench/results/."""
    with errors.status("") as progress:
        result = cold_starts.measure(
            rounds, lambda number, name: progress.update(f"Round {number} of {rounds}: {name} …")
        )
    cold_starts.RESULT.write_text(json.dumps(result.document(), indent=2) + "\n")
    if as_json:
        sys.stdout.write(cold_starts.RESULT.read_text())
        return
    table = Table("", "processor seconds", "ratio", box=None)
    for name in result.seconds:
        table.add_row(name, f"{result.cost(name):.3f}", f"{result.ratio(name):.2f}")
    console.print(table)
    console.print(f"\nTarget: {cold_starts.TARGET} at most", style="dim")


if __name__ == "__main__":
    app()
