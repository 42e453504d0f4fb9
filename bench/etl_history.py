"""The raw zone that the nightly job's benchmark reads: a history, what was carried besides, and the last night."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ops.history.lake import DirectoryTarget
from ops.history.mishaps import USUAL
from ops.history.story import EVENTS_OF_A_VISIT, VISITS_A_DAY, Story
from ops.history.writing import write

EVENTS_A_DAY = 50_000  # one shop at one pace: the more events, the more days
LAST_DAY = date(2026, 10, 31)  # before the season, so that days are alike
HANDLED = ("OrderPlaced", "PaymentProcessed")  # by the order processor, which archives them besides their delivery
_BUS = {
    "version": "0",
    "id": "1",
    "account": "1",
    "time": "2026-10-31T00:00:00Z",
    "region": "us-east-2",
    "resources": [],
}
BEFORE = 0.1  # of the last day, known already when the night comes: the job runs two hours after midnight


@dataclass(frozen=True)
class Told:
    """Records in the raw zone and the bytes they take there; those that come with the night are not among them."""

    records: int
    raw_bytes: int
    night_records: int


def tell(events: int, lake: Path) -> Told:
    """Write about as many events into `lake`, and one more day, most of it aside in `night/`."""
    customers = round(EVENTS_A_DAY / (VISITS_A_DAY * EVENTS_OF_A_VISIT))
    story = Story(
        seed=7, last_day=LAST_DAY, days=max(1, events // EVENTS_A_DAY) + 1, customers=customers, mishaps=USUAL
    )
    told = write(story, DirectoryTarget(lake))
    carried = sum(carry(path) for path in sorted((lake / "raw").rglob("*.gz")))
    last_day = sorted((lake / "raw").rglob(f"date={LAST_DAY}/*"))
    night = sum(split(path, lake / "night" / path.relative_to(lake)) for path in last_day)
    raw = sum(path.stat().st_size for path in (lake / "raw").rglob("*.gz"))
    return Told(told + carried - night, raw, night)


def carry(archived: Path) -> int:
    """Beside what was archived, put what the order processor handled, as the bus carried it; how many events it was."""
    carried = []
    with gzip.open(archived, "rt") as lines:
        for line in lines:
            if any(name in line for name in HANDLED) and line.endswith("}\n"):
                envelope = json.loads(line)
                if envelope["detail_type"] in HANDLED:
                    around = {"detail-type": envelope.pop("detail_type"), "source": envelope.pop("source")}
                    carried.append({**_BUS, **around, "detail": envelope})
    if carried:
        with gzip.open(archived.with_name("carried.json.gz"), "wt") as written:
            written.writelines(f"{json.dumps(each)}\n" for each in carried)
    return len(carried)


def split(stored: Path, since: Path) -> int:
    """Leave of an object what was there the night before, and put what came since aside; how many records that are."""
    with gzip.open(stored, "rt") as lines:
        records = lines.readlines()
    early = round(len(records) * BEFORE)
    since.parent.mkdir(parents=True, exist_ok=True)
    for path, part in ((stored, records[:early]), (since.with_name(f"since-{since.name}"), records[early:])):
        with gzip.open(path, "wt") as written:
            written.writelines(part)
    return len(records) - early
