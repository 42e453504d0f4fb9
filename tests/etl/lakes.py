"""A lake to put raw objects into, run the job over, and look at what became of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from pyspark.sql import DataFrame, SparkSession

from curation.accounting import Account
from curation.aws import NoCatalog
from curation.job import Curation
from curation.lake import DirectoryLake
from curation.lease import Terms
from curation.publication import Catalog
from curation.rebuild import NOTHING, Rebuild
from curation.sources import Bookmark, RawObjects
from curation.tables import BROKEN, CURATED, PARTITION, Table
from retail.events import Envelope, OrderLine, OrderPlaced, Payload
from retail.money import Money

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRODUCT = UUID("11111111-1111-4111-8111-111111111111")
ORDER = UUID("22222222-2222-4222-8222-222222222222")
# Nobody waits for another's lease, and none is renewed while a test runs, however long that takes.
AT_ONCE = Terms(lasts=timedelta(hours=1), patience=timedelta(0))
EUROS = Money(amount=Decimal("19.90"), currency="EUR")


def raw(payload: Payload, *, occurred_at: datetime = NOON, event_id: UUID | None = None) -> dict[str, Any]:
    """The payload's event as the lake holds it."""
    envelope = Envelope(
        occurred_at=occurred_at, correlation_id="test", payload=payload.model_dump(mode="json"), **_given(event_id)
    )
    return {"detail_type": payload.detail_type, "source": "retail.orders", **envelope.as_json()}


def carried(event: dict[str, Any]) -> dict[str, Any]:
    """The same event as the bus carries it and Firehose writes it."""
    envelope = {name: value for name, value in event.items() if name not in ("detail_type", "source")}
    around = {"version": "0", "id": "1", "account": "1", "time": "2026-11-20T12:00:00Z", "region": "us-east-2"}
    return {
        **around,
        "detail-type": event["detail_type"],
        "source": event["source"],
        "resources": [],
        "detail": envelope,
    }


def _given(event_id: UUID | None) -> dict[str, Any]:
    return {} if event_id is None else {"event_id": event_id}


def placed(**changes: Any) -> OrderPlaced:
    """An order of two pieces of one product."""
    line = OrderLine(product_id=PRODUCT, sku="MUG-1", name="Mug", quantity=2, unit_price=EUROS)
    return OrderPlaced(**{"order_id": ORDER, "lines": (line,), "total": EUROS.times(2), **changes})


@dataclass
class TestLake:
    """A lake in a folder."""

    __test__ = False  # pytest: not a class of tests

    spark: SparkSession
    root: Path
    accounts: list[Account] = field(default_factory=list)
    now: datetime = NOON

    def put(self, *records: dict[str, Any] | str, key: str = "raw/orders/date=2026-11-20/events.json") -> None:
        """Put an object of these records, a line each; compressed when its name says so."""
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        content = "".join(f"{line}\n" for line in lines).encode()
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if key.endswith(".gz") else content)

    def run(
        self,
        lake: DirectoryLake | None = None,
        *,
        rebuild: Rebuild = NOTHING,
        bookmark: Bookmark = Bookmark.ENABLE,
        catalog: Catalog | None = None,
    ) -> Account:
        """Run the job; every run's account must add up, which is asserted here for all tests."""
        folder = lake or DirectoryLake(self.root)
        curation = Curation(self.spark, folder, catalog or NoCatalog(), self.accounts.append, lambda: self.now, AT_ONCE)
        account = curation.run(RawObjects(folder, bookmark), rebuild)
        assert account.read == account.curated + account.duplicates + account.quarantined
        return account

    def table(self, name: str) -> DataFrame:
        """What readers find in a curated table."""
        return self._read(CURATED[name])

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of a curated table, sorted."""
        return sorted((tuple(row) for row in self.table(name).select(*columns).collect()), key=str)

    def quarantined(self) -> list[tuple[str, str | None]]:
        """Reason and record of what is in quarantine."""
        return sorted(((row.reason, row.record) for row in self.quarantine().collect()), key=str)

    def quarantine(self) -> DataFrame:
        """What readers find in quarantine."""
        return self._read(BROKEN)

    def _read(self, table: Table) -> DataFrame:
        schema = ", ".join(f"`{name}` {of_type}" for name, of_type in [*table.columns.items(), (PARTITION, "string")])
        if not (self.root / table.folder).exists():
            return self.spark.createDataFrame([], schema)
        return self.spark.read.schema(schema).parquet(str(self.root / table.folder))

    def files(self, folder: str = "curated") -> Sequence[str]:
        """Every data file below the folder."""
        return sorted(path.relative_to(self.root).as_posix() for path in (self.root / folder).rglob("*.parquet"))

    def state(self) -> dict[str, list[str]]:
        """All rows of all tables, to compare."""
        rows = {name: sorted(map(str, self.table(name).collect())) for name in CURATED}
        return rows | {"quarantine": [str(each) for each in self.quarantined()]}
