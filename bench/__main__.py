"""The benchmarks from the command line: `python -m bench synth`, `… product-page`, `… --help`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench import imports as cold_starts
from bench import report as performance
from bench import synth as synthesis
from bench.frameworks import measurement as candidates
from bench.shop import checkout as checkouts
from bench.shop import order_processor as processing
from bench.shop import product_page as pages
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
    """Each function's import, alone and with a client, as a ratio to that of boto3 alone; into bench/results/."""
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


@app.command("product-page", epilog="Example: python -m bench product-page --rounds 7 --seconds 3")
def product_page(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is driven, in turn.")] = 15,
    seconds: Annotated[float, typer.Option(min=1, max=60, help="How long each is driven, twice.")] = 2,
) -> None:
    """The product page against the bare framework, at the peak and at 70 % of it; into bench/results/."""
    with errors.status("") as progress:
        result = pages.measure(rounds, seconds, lambda number, name: progress.update(f"Round {number}: {name} …"))
    _keep(pages.RESULT, result.document())


@app.command(epilog="Example: python -m bench checkout --rounds 7")
def checkout(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is run, in turn.")] = 7,
) -> None:
    """A checkout over HTTP in costs of its bare SQL transaction; into bench/results/."""
    with errors.status("") as progress:
        result = checkouts.measure(rounds, lambda number, name: progress.update(f"Round {number}: {name} …"))
    _keep(checkouts.RESULT, result.document(checkouts.WHAT, checkouts.TARGET))


@app.command("order-processor", epilog="Example: python -m bench order-processor --rounds 7")
def order_processor(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is run, in turn.")] = 7,
) -> None:
    """The order processor's batches of ten against their bare SQL; into bench/results/."""
    with errors.status("") as progress:
        result = processing.measure(rounds, lambda number, name: progress.update(f"Round {number}: {name} …"))
    _keep(processing.RESULT, result.document(processing.WHAT, processing.TARGET))


@app.command(epilog="Example: python -m bench report")
def report() -> None:
    """Every target beside what was measured last, into docs/performance.md."""
    performance.REPORT.write_text(performance.write())
    console.print(performance.REPORT.read_text(), markup=False)


def _keep(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    console.print(path.read_text())


@app.command(epilog="Example: python -m bench etl --size 100000 --rounds 5")
def etl(
    sizes: Annotated[list[int] | None, typer.Option("--size", min=1, help="Events; repeat it for several.")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is run, in turn.")] = 3,
    as_json: Json = False,
) -> None:
    """The nightly job, as a ratio to Spark merely reading the same JSON and writing Parquet.

    All sizes together go into bench/results/; some of them alone are only told, for how the cost grows is compared
    within one run.
    """
    from bench import etl as nightly  # Spark only for those who measure it

    with errors.status("") as progress:
        measured = nightly.measure(sizes or nightly.SIZES, rounds, progress.update)
    document = json.dumps(nightly.document(measured), indent=2) + "\n"
    if not sizes:
        nightly.RESULT.write_text(document)
    if as_json:
        sys.stdout.write(document)
        return
    table = Table("events", "records a second", "ratio", "types inferred", "a night", "scanned", box=None)
    for size in measured:
        table.add_row(
            f"{size.events:,}",
            f"{size.records / size.seconds(nightly.JOB):,.0f}",
            f"{size.speed(nightly.TYPED):.2f}",
            f"{size.speed(nightly.READ):.2f}",
            f"{size.seconds(nightly.NIGHT):.1f} s",
            f"{size.scanned_bytes / size.raw_bytes:.1%}",
        )
    console.print(table)
    console.print(
        f"\nTargets: ratio {nightly.SPEED_TARGET} at least, scanned {nightly.SCAN_TARGET:.0%} at most; "
        f"growth {nightly.growth(measured)}, {nightly.GROWTH_TARGET} at most",
        style="dim",
    )


if __name__ == "__main__":
    app()
