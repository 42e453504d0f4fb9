"""Row P19 on the deployed platform: the named query, in the deployed workgroup, over the deployed table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.analytics import known
from tests.platform.deployed import Deployed, eventually
from tests.platform.lake import known_history


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


def test_p19_revenue_per_day_is_answered_by_the_deployed_workgroup(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    athena = platform.emulator.client("athena")
    with known_history(platform, spark, tmp_path) as later:
        answer = rows(athena, "retail-dev", named_query(athena, "retail-dev", "revenue-per-day"))

    def day(date: str) -> str:
        return f"{known.at(f'{date}T00:00') + later:%Y-%m-%d}"

    revenue = {row["date"]: float(row["revenue"]) for row in answer}
    assert {day("11-19"): 120, day("11-18"): 0, day("11-17"): 60, day("11-16"): 50}.items() <= revenue.items()
