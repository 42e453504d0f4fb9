"""The history from the command line: `python -m ops.history --days 90 --customers 2000 --seed 7 --out DIRECTORY`."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from local.platform import STANDARD_DIRECTORY
from ops.history.lake import DirectoryTarget, LakeTarget, OtherHistoryError, Target
from ops.history.mishaps import LATE_AT_MOST, USUAL, Mishaps
from ops.history.story import Story
from ops.history.writing import write
from ops.insights.here import LakeHere, NoPlatformError

errors = Console(stderr=True, highlight=False)
DAYS = 90
_EXAMPLES = """Some events of orders come twice, days late or broken, as the nightly job has to expect; the story
is the same without. What happens on a day follows from its date: told again, a history is the same, and nothing in it
is new; told for longer from the same first day, it only gets more days. So `--lake` may be given again on any day. A
lake that holds another history of one of the days is left as it is.

Examples:

    python -m ops.history --out build/history                       90 days of 2,000 customers, about 90,000 events

    python -m ops.history --broken 0.05 --lake && make etl          a quarantine worth looking at

    python -m ops.history --days 365 --customers 27000 --out DIR    about 5,000,000 events

    python -m ops.history --lake && make etl insights               into the platform of this machine, to look at

    python -m ops.history --lake                                    days later: the days since then
"""


def history(
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help=f"How many days ({DAYS}; in a lake with a history, all since its first)."),
    ] = None,
    customers: Annotated[int, typer.Option(min=1, help="How many customers come again and again.")] = 2000,
    products: Annotated[int, typer.Option(min=1, help="How many products there are.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and options give the same bytes.")] = 7,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day (yesterday, UTC).")] = None,
    duplicates: Annotated[float, typer.Option(min=0, max=0.5, help="Part of the events that come twice.")] = (
        USUAL.duplicates
    ),
    late: Annotated[
        float, typer.Option(min=0, max=0.5, help=f"Part that comes up to {LATE_AT_MOST} days late.")
    ] = USUAL.late,
    broken: Annotated[
        float, typer.Option(min=0, max=0.5, help="Part that comes broken, for the quarantine.")
    ] = USUAL.broken,
    out: Annotated[Path | None, typer.Option(help="A folder, which gets raw/orders/date=…/ and so on.")] = None,
    lake: Annotated[bool, typer.Option("--lake", help="The lake of the platform on this machine.")] = False,
) -> None:
    """Write a history the shop could have had: weeks, hours, Black Friday, favourites, returns and failures."""
    if (out is None) == (not lake):
        raise typer.BadParameter("say where to: either --out DIRECTORY or --lake")
    last_day = until.date() if until else _yesterday()
    target: Target = DirectoryTarget(out) if out is not None else _lake()
    begun = target.first_day if isinstance(target, LakeTarget) else None
    if days is None:
        days = (last_day - begun).days + 1 if begun and begun <= last_day else DAYS
    story = Story(seed, last_day, days, customers, products, Mishaps(duplicates, late, broken))
    with Progress(console=errors) as progress:
        task = progress.add_task("Days", total=days)
        records = write(story, target, lambda: progress.advance(task))
    told = f"{records:,} records of {story.first_day} to {story.last_day}"
    if isinstance(target, LakeTarget) and not target.new_objects:
        told += ", none of them new,"
    sys.stdout.write(f"{told} in {target}\n")


def _lake() -> LakeTarget:
    try:
        return LakeTarget(LakeHere(STANDARD_DIRECTORY))
    except NoPlatformError as problem:
        raise NoPlatformError(f"{problem}; or write the history into a folder with `--out DIRECTORY`") from None


def _yesterday() -> date:
    return date.fromordinal(datetime.now(UTC).toordinal() - 1)


def main() -> int:
    """Runs the command; what went wrong is one line on standard error, and the exit code says so."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(epilog=_EXAMPLES)(history)
    try:
        app(standalone_mode=True)
    except (NoPlatformError, OtherHistoryError, OSError) as problem:
        errors.print(f"\n{problem}", style="red", soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
