"""Puts events back on their way: dead letters into their queues, a span of the archive onto the bus.

    python -m ops.replay dead-letters dev --dry-run
    python -m ops.replay archive dev --since 2026-11-01T08:00 --until 2026-11-01T09:00

Talks to the account of the caller's credentials; AWS_ENDPOINT_URL turns it to the embedded platform.
Exit codes: 0 everything asked for is done, 1 something is not and the output says what, 2 wrong arguments.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from ops.bus_archive import ArchiveError, BusArchive
from ops.refusals import explained
from retail.redrive import Outcome, Replay, dead_letter_queues, describe_message

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

EnvironmentName = Annotated[str, typer.Argument(help="dev, staging or prod")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, no progress")]


@app.command("dead-letters")
def dead_letters(
    environment: EnvironmentName,
    queue: Annotated[str | None, typer.Option(help="Only this consumer's, for example OrderProcessing")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many of each queue")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to the queue they died in (the bus's own: onto the bus), then delete them here."""
    try:
        sqs, events = boto3.client("sqs"), boto3.client("events")
        found = dead_letter_queues(sqs, events, environment, _bus(environment))
        chosen = [one for one in found if queue in (None, one.name)]
        if not chosen:
            names = ", ".join(one.name for one in found) or "none"
            _fail(f"No dead-letter queue {queue or f'of {environment}'}: there is {names}")
        outcomes = []
        with _progress(as_json) as progress:
            for one in chosen:
                task = progress.add_task(one.name, total=None)

                def advance(message: MessageTypeDef, task: Any = task, name: str = one.name) -> None:
                    progress.advance(task)
                    if dry_run and not as_json:
                        progress.console.print(f"{name}: {describe_message(message)}")

                outcomes.append(Replay(one, sqs, advance).run(limit=limit, dry_run=dry_run))
    except (BotoCoreError, ClientError) as error:
        _fail(explained(error))
    _tell(outcomes, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(0 if all(outcome.complete for outcome in outcomes) else 1)


@app.command()
def archive(
    environment: EnvironmentName,
    since: Annotated[datetime, typer.Option(help="First moment, UTC")],
    until: Annotated[datetime | None, typer.Option(help="Last moment, UTC; now, if not given")] = None,
    consumer: Annotated[str | None, typer.Option(help="Only for this one, for example InventoryUpdate")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Publish everything the bus carried in that time once more, for every consumer or for one."""
    start = since.replace(tzinfo=UTC)
    end = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    if start >= end:
        raise typer.BadParameter(f"--since {start:%Y-%m-%dT%H:%M} is not before --until {end:%Y-%m-%dT%H:%M}")
    try:
        events = boto3.client("events")
        kept = BusArchive.of(events, _bus(environment))
        rules = kept.rules_of(events, consumer) if consumer else []
        answer = {"archive": kept.name, "since": start.isoformat(), "until": end.isoformat(), "rules": rules}
        if not dry_run:
            with _progress(as_json) as progress:
                task = progress.add_task("starting", total=None)
                answer["replay"] = kept.replay(
                    events,
                    start,
                    end,
                    rules=rules,
                    report=lambda moment: progress.update(
                        task, description=f"replayed until {moment:%Y-%m-%d %H:%M:%S}"
                    ),
                )
    except (BotoCoreError, ClientError, ArchiveError) as error:
        _fail(explained(error))
    if as_json:
        sys.stdout.write(json.dumps({**answer, "dry_run": dry_run}, indent=2) + "\n")
    else:
        done = "Would replay" if dry_run else "Replayed"
        console.print(
            f"{done} {kept.name} from {answer['since']} to {answer['until']} for {consumer or 'every consumer'}"
        )


def _bus(environment: str) -> str:
    """The bus's name, as the environment publishes it."""
    name = f"/retail/{environment}/events/bus"
    return boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def _tell(outcomes: list[Outcome], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        queues = [asdict(outcome) for outcome in outcomes]
        sys.stdout.write(json.dumps({"dry_run": dry_run, "queues": queues}, indent=2) + "\n")
        return
    for outcome in outcomes:
        done = "would be put back" if dry_run else "put back"
        console.print(f"{outcome.queue}: {outcome.replayed} {done}, {outcome.refused} refused")
        for reason in outcome.reasons:
            errors.print(f"  {reason}")


def _progress(quiet: bool) -> Progress:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:.0f}")
    return Progress(*columns, console=errors, transient=True, disable=quiet)


def _fail(reason: str) -> NoReturn:
    errors.print(f"replay: {reason}", style="red")
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
