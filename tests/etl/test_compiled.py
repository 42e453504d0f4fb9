"""Compiled, as in production, the job gives what it gives interpreted, as in all other tests of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.etl.examples import EVERY_EVENT
from tests.etl.lakes import TestLake, carried, raw
from tests.etl.test_bad_input import BROKEN

pytestmark = pytest.mark.slow


def test_compiled_job_gives_the_same_tables_of_all_contracts(lake: TestLake, tmp_path: Path) -> None:
    spark = lake.spark.newSession()
    for name, value in {
        "spark.sql.codegen.wholeStage": "true",
        "spark.sql.codegen.factoryMode": "CODEGEN_ONLY",  # elsewhere, what does not compile is interpreted
        "spark.sql.codegen.fallback": "false",
        "spark.sql.shuffle.partitions": "2",
    }.items():
        spark.conf.set(name, value)
    compiled = TestLake(spark, tmp_path / "compiled")
    grown = [{**event, "payload": event["payload"] | {"gift": [True]}} for event in map(raw, EVERY_EVENT)]
    events = [*map(raw, EVERY_EVENT), *map(carried, map(raw, EVERY_EVENT)), *grown]
    records = [*map(json.dumps, events), *(json.dumps(record) for _, record in BROKEN.values())]
    more = [*records[:3], *map(json.dumps, map(raw, EVERY_EVENT[:2]))]
    for each in (lake, compiled):
        each.put(*records, records[0])
        each.run()
        each.put(*more, key="raw/orders/date=2026-11-20/more.json")
        each.run()

    assert compiled.accounts[0].curated == 3 * len(EVERY_EVENT)
    assert compiled.state() == lake.state()
