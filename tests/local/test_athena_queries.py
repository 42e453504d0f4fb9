"""The embedded Athena answers as Athena does: in UTC wherever the machine is, with the columns that the catalog has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from local.run_directory import ROOT
from ops.ask import Workgroup
from tests.etl import emulator

ABROAD = "America/New_York"
CORRECTED = (
    "from ministack import app; from local.launcher.athena_queries import answer_as_athena_does; "
    "answer_as_athena_does(); app.main()"
)
COLUMNS = {
    "event_id": "string",
    "occurred_at": "timestamp",
    "total": "decimal(12,2)",
    "categories": "array<string>",
    "added_later": "timestamp",
}
# As Spark writes it: a moment, which DuckDB tells in the zone of the machine; in New York it is 18:30.
ROW = (
    "'e' AS event_id, TIMESTAMPTZ '2026-11-20 23:30:00.5+00' AS occurred_at, 12.5 AS total, "
    "['home', 'garden'] AS categories, 1 AS not_in_the_catalog"
)


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workgroup]:
    """The workgroup `retail-dev` of an emulator in New York: a table with a file, and one without."""
    directory = tmp_path_factory.mktemp("athena")
    file = directory / "part.parquet"
    duckdb.execute(f"COPY (SELECT {ROW}) TO '{file}'")
    command = [str(ROOT / ".emulator" / "bin" / "python"), "-c", CORRECTED]
    with emulator.running(directory, command=command, zone=ABROAD) as aws:
        s3, glue, client = aws.client("s3"), aws.client("glue"), aws.client("athena")
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": emulator.REGION})
        s3.put_object(Bucket="lake", Key="curated/orders/date=2026-11-20/part.parquet", Body=file.read_bytes())
        glue.create_database(DatabaseInput={"Name": "retail_dev"})
        for name, folder in (("curated_orders", "curated/orders"), ("quarantine", "quarantine")):
            glue.create_table(DatabaseName="retail_dev", TableInput=table(name, folder))
        results = {"ResultConfiguration": {"OutputLocation": "s3://lake/athena-results/"}}
        client.create_work_group(Name="retail-dev", Configuration=results)
        yield Workgroup(client, "dev")


def table(name: str, folder: str) -> dict[str, Any]:
    """A table of Parquet files by day."""
    columns = [{"Name": column, "Type": kind} for column, kind in COLUMNS.items()]
    return {
        "Name": name,
        "PartitionKeys": [{"Name": "date", "Type": "string"}],
        "Parameters": {"classification": "parquet"},
        "StorageDescriptor": {"Columns": columns, "Location": f"s3://lake/{folder}/"},
    }


def test_row_has_the_columns_of_the_catalog_with_times_in_utc_and_without_a_zone(athena: Workgroup) -> None:
    assert athena.answer("SELECT * FROM curated_orders") == [
        {
            "event_id": "e",
            "occurred_at": "2026-11-20 23:30:00.500",
            "total": "12.50",
            "categories": "[home, garden]",
            "added_later": None,
            "date": "2026-11-20",
        }
    ]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("hour(occurred_at)", "23"),
        ("date_format(occurred_at, '%Y-%m-%d %H:%i')", "2026-11-20 23:30"),
        ("occurred_at < TIMESTAMP '2026-11-20 23:31:00'", "true"),
        ("hour(CAST(TIMESTAMP '2026-11-20 23:30:00 UTC' AS timestamp))", "23"),
        ("to_unixtime(occurred_at) - to_unixtime(TIMESTAMP '2026-11-20 23:30:00')", "0.5"),
    ],
)
def test_hour_of_the_day_is_utcs_wherever_the_machine_is(athena: Workgroup, expression: str, value: str) -> None:
    asked = f"SELECT {expression} AS answer FROM curated_orders"  # noqa: S608  (our own text)
    assert athena.answer(asked) == [{"answer": value}]


def test_now_is_told_in_utc_with_its_zone(athena: Workgroup) -> None:
    (row,) = athena.answer("SELECT current_timestamp AS now, current_date AS today")
    now = datetime.strptime(row["now"] or "", "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - now).total_seconds()) < 600
    assert row["today"] == f"{now:%Y-%m-%d}"


def test_table_without_files_is_empty_and_has_its_types(athena: Workgroup) -> None:
    joined = "SELECT q.event_id FROM quarantine AS q JOIN curated_orders AS o ON o.occurred_at > q.occurred_at"
    assert athena.answer(joined) == []
    assert athena.answer("SELECT sum(total) AS total, max(categories) AS c FROM quarantine") == [
        {"total": None, "c": None}
    ]


def test_tables_are_shown(athena: Workgroup) -> None:
    assert athena.answer("SHOW TABLES") == [{"tab_name": "curated_orders"}, {"tab_name": "quarantine"}]
