"""Draws one page of pictures from the curated tables: `python -m ops.insights`.

    python -m ops.insights                     # of the platform that runs here, after `make up`, orders and `make etl`
    python -m ops.insights --history           # of a history that never happened; Spark takes a minute
    python -m ops.insights --curated DIRECTORY # of curated files

Exit codes: 0 the page is written, 1 there is nothing to draw and the output says what to do, 2 wrong arguments.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from local.platform import STANDARD_DIRECTORY
from ops.curated import CuratedTables
from ops.insights.figures import Figures, figures
from ops.insights.here import LakeHere, NoPlatformError
from ops.insights.page import many, page
from ops.insights.told import NightlyJobError, tell
from ops.synth import ROOT

PAGE = ROOT / "build" / "insights.html"
_OTHERWISE = "; or name curated files with `--curated`, or draw a history that never happened with `--history`"
errors = Console(stderr=True, highlight=False)


def main(
    curated: Annotated[
        Path | None, typer.Option(help="Curated files instead of the platform's lake", exists=True, file_okay=False)
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="A history that never happened")] = False,
    output: Annotated[Path, typer.Option(help="Where the page goes")] = PAGE,
) -> None:
    """Draw revenue, funnel, stock and latency into one page that needs no network.

    Example: python -m ops.insights --output pictures.html
    """
    if history and curated:
        raise typer.BadParameter("--history makes files of its own: leave --curated out")
    try:
        with tempfile.TemporaryDirectory() as directory:
            found, source = _figures(curated, Path(directory), history=history)
    except (NoPlatformError, NightlyJobError) as problem:
        otherwise = _OTHERWISE if isinstance(problem, NoPlatformError) else ""
        errors.print(f"insights: {problem}{otherwise}", style="red")
        raise typer.Exit(1) from None
    if not found.days:
        errors.print("insights: the curated tables are empty: place an order, then `make etl`", style="red")
        raise typer.Exit(1)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page(found, source=source, made_at=datetime.now(UTC)))
    typer.echo(f"{many(len(found.days), 'day')} in pictures: {output}")


def _figures(curated: Path | None, workplace: Path, *, history: bool) -> tuple[Figures, str]:
    """What the page shows, and where it is from."""
    if curated:
        return figures(CuratedTables(curated)), f"files of {curated.name}/"
    if history:
        return figures(CuratedTables(tell(workplace))), "a history that never happened"
    lake = LakeHere(STANDARD_DIRECTORY)
    return figures(CuratedTables(lake.copy_curated(workplace)), lake.arrivals()), "the platform on this machine"


if __name__ == "__main__":
    typer.run(main)
