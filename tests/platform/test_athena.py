"""Row P19 on the deployed platform: the named query, in the deployed workgroup, over the deployed table."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.analytics import known
from tests.platform.deployed import Deployed, eventually
from tests.platform.lake import known_history, orders_that_grew


def named_query(athena: Any, workgroup: str, name: str) -> dict[str, Any]:
    """The deployed query of that name."""
    ids = athena.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]
    queries = [athena.get_named_query(NamedQueryId=query)["NamedQuery"] for query in ids]
    return next(query for query in queries if query["Name"] == name)


def rows(athena: Any, workgroup: str, query: dict[str, Any]) -> list[dict[str, str]]:
    """The answer to a query, by column."""
    execution = athena.start_query_execution(
        QueryString=query["QueryString"], QueryExecutionContext={"Database": query["Database"]}, WorkGroup=workgroup
    )["QueryExecutionId"]

    def state() -> dict[str, Any]:
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        return found

    eventually(lambda: state()["State"] not in ("QUEUED", "RUNNING"))
    assert state()["State"] == "SUCCEEDED", state()
    header, *answer = [
        [field.get("VarCharValue", "") for field in row["Data"]]
        for row in athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    ]
    return [dict(zip(header, row, strict=True)) for row in answer]


def day(date: str, later: timedelta) -> str:
    """A day of the known history, where it is now."""
    return f"{known.at(f'{date}T00:00') + later:%Y-%m-%d}"


def test_p19_revenue_per_day_is_answered_by_the_deployed_workgroup(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    athena = platform.emulator.client("athena")
    with known_history(platform, spark, tmp_path) as later:
        answer = rows(athena, "retail-dev", named_query(athena, "retail-dev", "revenue-per-day"))

    revenue = {row["date"]: float(row["revenue"]) for row in answer}
    expected = {"11-19": 120, "11-18": 0, "11-17": 60, "11-16": 50}
    assert {day(date, later): amount for date, amount in expected.items()}.items() <= revenue.items()


def test_p19_table_that_grew_is_read_together_with_what_was_written_before(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    """Here Athena finds files through the catalog and takes columns from them; on AWS the catalog says both."""
    athena = platform.emulator.client("athena")
    baskets = named_query(athena, "retail-dev", "basket-size")
    with known_history(platform, spark, tmp_path) as later:
        before = rows(athena, "retail-dev", baskets)
        with orders_that_grew(platform, day("11-18", later)):
            table = athena.get_table_metadata(
                CatalogName="AwsDataCatalog", DatabaseName="retail_dev", TableName="curated_orders"
            )["TableMetadata"]
            after = rows(athena, "retail-dev", baskets)
            days = f"'{day('11-17', later)}', '{day('11-18', later)}'"
            asked = "SELECT order_id, gift FROM curated_orders"
            query = f"{asked} WHERE \"date\" IN ({days}) AND step = 'PLACED'"
            found = rows(athena, "retail-dev", {"QueryString": query, "Database": baskets["Database"]})

    assert {"Name": "gift", "Type": "boolean"} in table["Columns"]
    assert after == before
    gifts = {row["order_id"]: row["gift"] for row in found}
    assert {gifts[str(known.id_of(order))] for order in ("o1", "o4")} == {""}  # null
    assert {gifts[str(known.id_of(order))] for order in ("o2", "o3", "o5", "o9")} == {"true"}
