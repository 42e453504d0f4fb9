"""Readers find each day in the catalog, with the columns that its files have now."""

from __future__ import annotations

from typing import Any

import pytest

from curation.aws import GlueCatalog
from curation.publication import CatalogError
from tests.etl.emulator import Emulator

TYPE = {"Type": "string"}


def table(*columns: str) -> dict[str, Any]:
    """A table as the deployment makes it."""
    storage = {"Columns": [{"Name": name, **TYPE} for name in columns], "Location": "s3://lake/curated/orders/"}
    return {"Name": "curated_orders", "StorageDescriptor": storage, "PartitionKeys": [{"Name": "date", **TYPE}]}


@pytest.fixture
def glue(aws: Emulator) -> Any:
    """Glue with the table of today."""
    client = aws.client("glue")
    client.create_database(DatabaseInput={"Name": "retail"})
    client.create_table(DatabaseName="retail", TableInput=table("event_id"))
    yield client
    client.delete_database(Name="retail")


def partitions(glue: Any) -> dict[str, tuple[str, list[str]]]:
    """Day → location and columns."""
    found = glue.get_partitions(DatabaseName="retail", TableName="curated_orders")["Partitions"]
    storage = {each["Values"][0]: each["StorageDescriptor"] for each in found}
    return {day: (each["Location"], [c["Name"] for c in each["Columns"]]) for day, each in storage.items()}


def test_day_that_gets_a_late_event_gets_the_columns_that_were_added_since(glue: Any) -> None:
    catalog = GlueCatalog(glue, "retail")
    catalog.register("curated_orders", ["2026-11-19", "2026-11-20"])
    glue.update_table(DatabaseName="retail", TableInput=table("event_id", "gift"))
    catalog.register("curated_orders", ["2026-11-20", "2026-11-21"])

    place = "s3://lake/curated/orders/date="
    assert partitions(glue) == {
        "2026-11-19": (f"{place}2026-11-19/", ["event_id"]),
        "2026-11-20": (f"{place}2026-11-20/", ["event_id", "gift"]),
        "2026-11-21": (f"{place}2026-11-21/", ["event_id", "gift"]),
    }


def test_more_days_than_a_call_takes_are_registered(glue: Any) -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    GlueCatalog(glue, "retail").register("curated_orders", days)

    assert sorted(partitions(glue)) == days


def test_table_that_is_not_there_is_told_by_name(glue: Any) -> None:
    with pytest.raises(CatalogError, match=r"Glue refused partitions of curated_payments: .*EntityNotFound"):
        GlueCatalog(glue, "retail").register("curated_payments", ["2026-11-20"])
