"""Row P19 on the deployed platform: the named query, in the deployed workgroup, over the deployed table."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from ops.ask import Workgroup
from tests.analytics import known
from tests.platform.deployed import Deployed
from tests.platform.lake import known_history, orders_that_grew


def day(date: str, later: timedelta) -> str:
    """A day of the known history, where it is now."""
    return f"{known.at(f'{date}T00:00') + later:%Y-%m-%d}"


def test_p19_revenue_per_day_is_answered_by_the_deployed_workgroup(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    workgroup = Workgroup(platform.emulator.client("athena"), "dev")
    with known_history(platform, spark, tmp_path) as later:
        answer = workgroup.answer("revenue-per-day")

    revenue = {row["date"]: float(row["revenue"] or "nan") for row in answer}
    expected = {"11-19": 120, "11-18": 0, "11-17": 60, "11-16": 50}
    assert {day(date, later): amount for date, amount in expected.items()}.items() <= revenue.items()


def test_p19_table_that_grew_is_read_together_with_what_was_written_before(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    """Here Athena finds files through the catalog and takes columns from them; on AWS the catalog says both."""
    athena = platform.emulator.client("athena")
    workgroup = Workgroup(athena, "dev")
    with known_history(platform, spark, tmp_path) as later:
        before = workgroup.answer("basket-size")
        with orders_that_grew(platform, day("11-18", later)):
            table = athena.get_table_metadata(
                CatalogName="AwsDataCatalog", DatabaseName="retail_dev", TableName="curated_orders"
            )["TableMetadata"]
            after = workgroup.answer("basket-size")
            days = f"'{day('11-17', later)}', '{day('11-18', later)}'"
            asked = "SELECT order_id, gift FROM curated_orders"
            found = workgroup.answer(f"{asked} WHERE \"date\" IN ({days}) AND step = 'PLACED'")

    assert {"Name": "gift", "Type": "boolean"} in table["Columns"]
    assert after == before
    gifts = {row["order_id"]: row["gift"] for row in found}
    assert {gifts[str(known.id_of(order))] for order in ("o1", "o4")} == {None}
    assert {gifts[str(known.id_of(order))] for order in ("o2", "o3", "o5", "o9")} == {"true"}
