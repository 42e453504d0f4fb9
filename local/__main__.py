"""The embedded platform from the command line: `python -m local up|down|status`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from local.etl import run_nightly_job
from local.platform import Detail, EmbeddedPlatform
from local.run_directory import LocalError
from ops.synth import SynthesisError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The platform on this machine: the same templates, no account, no Docker.",
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


@contextmanager
def step(name: str) -> Iterator[Detail]:
    """Shows that `name` is being done, what it reports, and how long it took."""
    began = time.monotonic()
    with console.status(f"{name} …") as spinner:

        def detail(text: str) -> None:
            spinner.update(f"{name} … {text}")
            console.print(f"    {text}", style="dim")

        yield detail
    console.print(f"  {name:<22} {time.monotonic() - began:5.1f} s")


@app.command(epilog="Example: python -m local up --port 8081")
def up(port: Annotated[int, typer.Option(min=1, max=65535, help="Where the storefront answers.")] = 8080) -> None:
    """Synthesize, deploy, start the storefront and print its address. Again: deploy what changed."""
    platform = EmbeddedPlatform()
    running = platform.up(port, step)
    recorded = Counter(resource.type for resource in platform.recorded())
    console.print(f"\nRecorded only, nothing behind them here: {recorded.total()} resources of {len(recorded)} types")
    console.print("(`make status` lists them)", style="dim")
    console.print(f"\nThe shop is open: [bold]{running.address}[/bold]    `make down` closes it")


@app.command()
def down(as_json: Json = False) -> None:
    """Stop everything that was started and leave nothing behind."""
    stopped = EmbeddedPlatform().down()
    if as_json:
        console.print_json(json.dumps({"stopped": stopped}))
    else:
        console.print(f"Stopped: {', '.join(stopped)}" if stopped else "Nothing was running.")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="Example: python -m local run python -m ops.staff list --env dev",
)
def run(context: typer.Context) -> None:
    """Run a command whose AWS clients talk to the platform on this machine. Its exit code is the command's."""
    if not context.args:
        raise typer.BadParameter("name the command to run")
    emulator = EmbeddedPlatform().emulator()
    os.execvpe(context.args[0], context.args, emulator.client_environment())  # noqa: S606  (what the user asked for)


_NOTABLE = {
    "misplaced": "sound, but of an event that belongs into another folder of the raw zone",
    "ahead": "of a clock that is ahead of this one by less than a day",
    "quarantined": "with the reason in the table quarantine; make ask QUERY='SELECT reason, object FROM quarantine'",
}


@app.command(epilog="Example: python -m local etl --rebuild 2026-11-20")
def etl(
    rebuild: Annotated[str, typer.Option(help="Days to make anew from raw, separated by commas; or: quarantine")] = "",
    as_json: Json = False,
) -> None:
    """Run the nightly job now: what is new in the lake's raw zone becomes rows of the curated tables."""
    emulator = EmbeddedPlatform().emulator()
    with errors.status("The nightly job runs …"):
        account = run_nightly_job(emulator, rebuild=rebuild)
    if as_json:
        console.print_json(json.dumps(account))
    elif account is None:
        console.print("Nothing is new in the raw zone.")
    else:
        fates = ("curated", "duplicates", "quarantined")
        console.print(f"{account['read']} records read: " + ", ".join(f"{account[fate]} {fate}" for fate in fates))
        for table, rows in account["tables"].items():
            console.print(f"  {table:<22} {rows:>9} rows")
        for fate, meaning in _NOTABLE.items():
            if number := account[fate]:
                console.print(f"  {number} {fate}: {meaning}", soft_wrap=True)  # a command in it can be copied


@app.command()
def status(as_json: Json = False) -> None:
    """What runs, and which deployed resources are recorded only. Exits 1 when not everything runs."""
    platform = EmbeddedPlatform()
    processes, recorded = platform.status(), platform.recorded()
    if as_json:
        document = {
            "address": platform.run.facts.get("address"),
            "processes": processes,
            "recorded": [asdict(resource) for resource in recorded],
        }
        console.print_json(json.dumps(document))
    else:
        for name, runs in processes.items():
            console.print(f"  {name:<12} {'runs' if runs else 'does not run'}")
        table = Table("Recorded only", "Resources", box=None)
        for resource_type, count in sorted(Counter(resource.type for resource in recorded).items()):
            table.add_row(resource_type, str(count))
        console.print(table)
    raise typer.Exit(0 if all(processes.values()) else 1)


def main() -> int:
    """Runs the command; what went wrong is one line on standard error, and the exit code says so."""
    try:
        app(standalone_mode=True)
    except (LocalError, SynthesisError, OSError) as problem:
        errors.print(f"\n{problem}", style="red", soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
