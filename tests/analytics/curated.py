"""The known history as the nightly job leaves it: its events in a lake, and the job run over them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.analytics import known
from tests.etl.lakes import TestLake, carried, raw


def curate(spark: SparkSession, root: Path, *, later: timedelta = timedelta()) -> Path:
    """The job's tables of the history in a lake at `root`, or of the same history so much later.

    Each event lies in one of the raw zone's two forms, in turn.
    """
    lake = TestLake(spark, root, now=(known.NOW + later).replace(tzinfo=UTC))
    topics: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    told = known.history()
    for number, (moment, payload) in enumerate(told):
        event = raw(payload, occurred_at=moment + later, event_id=known.id_of(f"event {number}"))
        topics[payload.topic].append(carried(event) if number % 2 else event)
    for topic, records in topics.items():
        lake.put(*records, key=f"raw/{topic}/date={lake.now:%Y-%m-%d}/history.json.gz")
    account = lake.run()
    assert (account.read, account.curated) == (len(told), len(told)), account
    return root / "curated"
