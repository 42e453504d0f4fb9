"""Row P19 on the deployed platform: the named queries, in the deployed workgroup, over the deployed tables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from local.run_directory import ROOT
from ops.ask import Workgroup
from ops.curated import columns_of_tables
from tests.analytics import known
from tests.infrastructure.test_named_queries import ANSWERS
from tests.platform.deployed import Deployed
from tests.platform.lake import known_history, orders_that_grew


def day(date: str, later: timedelta) -> str:
    """A day of the known history, where it is now."""
    return f"{known.at(f'{date}T00:00') + later:%Y-%m-%d}"


def moment(time: str, later: timedelta) -> str:
    """A time of the known history, where it is now, as Athena tells it."""
    return f"{known.at(time) + later:%Y-%m-%d %H:%M}:00.000"


def test_p19_revenue_per_day_is_answered_by_the_deployed_workgroup(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    workgroup = Workgroup(platform.emulator.client("athena"), "dev")
    with known_history(platform, spark, tmp_path) as later:
        answer = workgroup.answer("revenue-per-day")

    revenue = {row["date"]: float(row["revenue"] or "nan") for row in answer}
    expected = {"11-19": 120, "11-18": 0, "11-17": 60, "11-16": 50}
    assert {day(date, later): amount for date, amount in expected.items()}.items() <= revenue.items()


def test_p19_tables_are_found_with_their_columns(platform: Deployed) -> None:
    workgroup = Workgroup(platform.emulator.client("athena"), "dev")
    tables = workgroup.tables()

    assert {f"curated_{name}": list(columns) for name, columns in columns_of_tables().items()} == {
        name: list(columns) for name, columns in tables.items() if name != "quarantine"
    }
    assert {row["tab_name"] for row in workgroup.answer("SHOW TABLES")} == set(tables)


def test_p19_every_named_query_is_answered_by_the_deployed_workgroup(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    workgroup = Workgroup(platform.emulator.client("athena"), "dev")
    named = {file.stem.replace("_", "-") for file in (ROOT / "etl" / "queries").glob("*.sql")}
    with known_history(platform, spark, tmp_path) as later:
        answers = {name: workgroup.answer(name) for name in workgroup.questions()}

    assert set(answers) == named == set(ANSWERS)
    for name, answer in answers.items():
        assert answer, name
        assert set(ANSWERS[name][0]) <= set(answer[0]), name
    late = {row["order_id"]: (row["paid_at"], row["shipped_at"]) for row in answers["late-shipments"]}
    assert late[str(known.id_of("o2"))] == (moment("11-18T09:00", later), moment("11-20T10:30", later))
    assert late[str(known.id_of("o4"))] == (moment("11-17T15:00", later), None)
    assert "23" in {row["hour"] for row in answers["orders-per-hour"]}


def test_p19_when_something_happened_is_told_in_utc(platform: Deployed, spark: SparkSession, tmp_path: Path) -> None:
    workgroup = Workgroup(platform.emulator.client("athena"), "dev")
    asked = "SELECT occurred_at, hour(occurred_at) AS hour FROM curated_orders"
    with known_history(platform, spark, tmp_path) as later:
        found = workgroup.answer(f"{asked} WHERE order_id = '{known.id_of('o3')}' AND step = 'PLACED'")

    assert found == [{"occurred_at": moment("11-18T23:30", later), "hour": "23"}]


def test_p19_table_that_grew_is_read_together_with_what_was_written_before(
    platform: Deployed, spark: SparkSession, tmp_path: Path
) -> None:
    """Here Athena takes files and columns from the table of the catalog; on AWS each partition says its own."""
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
