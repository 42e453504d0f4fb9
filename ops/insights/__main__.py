"""Draws one page of pictures from the curated tables: `python -m ops.insights`.

    python -m ops.insights                     # of the platform that runs here, after `make up`, orders and `make etl`
    python -m ops.insights --curated DIRECTORY # of curated files, for example of a generated history

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
from ops.insights.page import page
from ops.synth import ROOT

PAGE = ROOT / "build" / "insights.html"
errors = Console(stderr=True, highlight=False)


def main(
    curated: Annotated[
        Path | None, typer.Option(help="Curated files instead of the platform's lake", exists=True, file_okay=False)
    ] = None,
    output: Annotated[Path, typer.Option(help="Where the page goes")] = PAGE,
) -> None:
    """Draw revenue, funnel, stock and latency into one page that needs no network.

    Example: python -m ops.insights --output pictures.html
    """
    try:
        found, source = (
            (_of_files(curated), f"files of {curated.name}/") if curated else (_of_platform(), "this machine")
        )
    except NoPlatformError as problem:
        errors.print(f"insights: {problem}", style="red")
        raise typer.Exit(1) from None
    if not found.days:
        errors.print("insights: the curated tables are empty: place an order, then `make etl`", style="red")
        raise typer.Exit(1)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page(found, source=source, made_at=datetime.now(UTC)))
    typer.echo(f"{len(found.days)} days in pictures: {output}")


def _of_files(directory: Path) -> Figures:
    return figures(CuratedTables(directory))


def _of_platform() -> Figures:
    lake = LakeHere(STANDARD_DIRECTORY)
    with tempfile.TemporaryDirectory() as directory:
        return figures(CuratedTables(lake.copy_curated(Path(directory))), lake.arrivals())


if __name__ == "__main__":
    typer.run(main)
