"""Row P18: raw JSON becomes typed tables every night, by a job that may do no more than that."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from curation.days import WRITTEN
from curation.packing import PACKED
from tests.infrastructure.synthesis import ROOT, Synthesized

SCRIPT = ROOT / "etl" / "curate.py"
LIBRARY = ROOT / "etl" / "curation"
TABLES = json.loads((LIBRARY / "tables.json").read_text())


def statements_of_job(platform: Synthesized) -> dict[str, dict[str, Any]]:
    """What the job's role may do, by the statement's id."""
    (policy,) = [
        policy
        for name, policy in platform.resources("AWS::IAM::ManagedPolicy", "Analytics").items()
        if name.startswith("EtlRole")
    ]
    return {statement.get("Sid", "Key"): statement for statement in policy["Properties"]["PolicyDocument"]["Statement"]}


def test_p18_job_is_small_incremental_and_on_the_pinned_version(platform: Synthesized) -> None:
    job = platform.only("AWS::Glue::Job")

    assert (job["GlueVersion"], job["WorkerType"], job["NumberOfWorkers"]) == ("5.1", "G.1X", 2)
    assert job["DefaultArguments"]["--job-bookmark-option"] == "job-bookmark-enable"
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert (job["MaxRetries"], job["Timeout"]) == (1, 60)
    assert job["SecurityConfiguration"]["Ref"].startswith("GlueSecurity")


def test_p18_job_runs_once_a_day_by_itself(platform: Synthesized) -> None:
    trigger = platform.only("AWS::Glue::Trigger")

    assert (trigger["Type"], trigger["StartOnCreation"]) == ("SCHEDULED", True)
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", trigger["Schedule"])
    assert [action["JobName"]["Ref"] for action in trigger["Actions"]] == list(platform.resources("AWS::Glue::Job"))


def test_p18_script_is_the_one_of_the_repository(dev: Synthesized) -> None:
    location = json.dumps(dev.only("AWS::Glue::Job")["Command"]["ScriptLocation"])
    asset = re.search(r"([0-9a-f]{64})\.py", location)

    assert asset
    assert (dev.directory / f"asset.{asset[1]}.py").read_bytes() == SCRIPT.read_bytes()


def test_p18_library_of_the_script_is_shipped_with_it_and_nothing_else(dev: Synthesized) -> None:
    location = json.dumps(dev.only("AWS::Glue::Job")["DefaultArguments"]["--extra-py-files"])
    asset = re.search(r"([0-9a-f]{64})\.zip", location)

    assert asset
    shipped = dev.directory / f"asset.{asset[1]}"
    files = {file.relative_to(shipped).as_posix() for file in shipped.rglob("*") if file.is_file()}
    sources = {file for file in LIBRARY.iterdir() if file.suffix in {".py", ".json"}}
    assert files == {f"curation/{file.name}" for file in sources}


def test_p18_nothing_but_counts_is_collected_to_the_driver() -> None:
    sources = {file.name: file.read_text() for file in LIBRARY.glob("*.py")}
    spark = "".join(source for source in sources.values() if "from pyspark.sql import" in source)

    collected = re.findall(r"\.(?:collect|toPandas|take|head|first|toLocalIterator)\(.*", spark)
    assert collected == [".collect()"]
    told = re.findall(r"_told\(self\._parts\(.*mapInArrow\(\w+, (\w+)\)", spark)
    assert told == ["PACKED", "WRITTEN"]
    columns = [each.partition(" ")[0] for each in f"{PACKED}, {WRITTEN}".split(", ")]
    assert columns == [
        *("table", "date", "bucket", "number", "key", "begin", "size", "misplaced", "ahead"),
        *("table", "date", "keys", "sizes", "rows", "events", "known", "copies"),
    ]


def test_p18_job_reads_raw_and_writes_curated_and_quarantine(platform: Synthesized) -> None:
    statements = statements_of_job(platform)

    assert statements["ReadRaw"]["Action"] == "s3:GetObject"
    assert json.dumps(statements["ReadRaw"]["Resource"]).count("/raw/*") == 1
    written = json.dumps(statements["WriteTables"]["Resource"])
    assert "/curated*" in written
    assert "/quarantine*" in written
    assert "/raw" not in written


@pytest.mark.parametrize("role", ["EtlRole", "CrawlersRole"])
def test_p18_glue_may_use_the_key_as_its_encryption_documents(role: str, platform: Synthesized) -> None:
    (policy,) = [
        policy["Properties"]["PolicyDocument"]
        for name, policy in platform.resources("AWS::IAM::ManagedPolicy", "Analytics").items()
        if name.startswith(role)
    ]
    on_keys = [s["Action"] for s in policy["Statement"] if "kms:Decrypt" in s["Action"]]

    assert on_keys == [["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]]


def test_p18_only_statements_on_code_are_for_the_jobs_own(platform: Synthesized) -> None:
    statements = statements_of_job(platform)
    for sid, kind in (("ReadScript", "py"), ("ReadLibrary", "zip")):
        code = json.dumps(statements[sid]["Resource"])
        assert re.search(rf"[0-9a-f]{{64}}\.{kind}", code)
        assert "*" not in code


def test_p18_failed_run_calls_a_person(platform: Synthesized) -> None:
    ((rule_id, rule),) = [
        (name, rule["Properties"])
        for name, rule in platform.resources("AWS::Events::Rule", "Analytics").items()
        if "FAILED" in rule["Properties"]["EventPattern"].get("detail", {}).get("state", [])
    ]
    alarms = [
        a for a in platform.properties("AWS::CloudWatch::Alarm", "Analytics") if a.get("Namespace") == "AWS/Events"
    ]

    assert set(rule["EventPattern"]["detail"]["state"]) == {"FAILED", "TIMEOUT", "STOPPED"}
    assert [alarm["Dimensions"][0]["Value"]["Ref"] for alarm in alarms] == [rule_id]
    assert "Alarms" in json.dumps(alarms[0]["AlarmActions"])


def test_p18_job_that_does_not_run_calls_a_person(platform: Synthesized) -> None:
    (alarm,) = [
        a for a in platform.properties("AWS::CloudWatch::Alarm", "Analytics") if a.get("MetricName") == "RecordsRead"
    ]

    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("SampleCount", 3600, 26)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"
    assert "Alarms" in json.dumps(alarm["AlarmActions"])


def test_p18_job_may_register_partitions_and_change_their_columns(platform: Synthesized) -> None:
    assert set(statements_of_job(platform)["RegisterPartitions"]["Action"]) == {
        "glue:GetTable",
        "glue:BatchCreatePartition",
        "glue:BatchUpdatePartition",
    }


@pytest.mark.parametrize("metric", ["RecordsQuarantined", "RecordsUnaccounted"])
def test_p18_record_that_reaches_no_table_calls_a_person(metric: str, platform: Synthesized) -> None:
    (alarm,) = [
        alarm
        for alarm in platform.properties("AWS::CloudWatch::Alarm", "Analytics")
        if (alarm.get("Namespace"), alarm["MetricName"]) == ("Retail/Lake", metric)
    ]

    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"]) == (1, 1, 86400)
    assert "Alarms" in json.dumps(alarm["AlarmActions"])


def test_p18_logs_have_the_names_that_the_job_writes_to(platform: Synthesized) -> None:
    prefix = platform.only("AWS::Glue::Job")["DefaultArguments"]["--custom-logGroup-prefix"]
    names = [group.get("LogGroupName") for group in platform.properties("AWS::Logs::LogGroup", "Analytics")]

    assert f"{prefix}/error" in names
    assert f"{prefix}/output" in names


def test_p18_job_counts_in_one_namespace_only(platform: Synthesized) -> None:
    namespace = platform.only("AWS::Glue::Job")["DefaultArguments"]["--metrics"]
    statement = statements_of_job(platform)["CountRecords"]

    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": namespace}}


@pytest.mark.parametrize("metric", ["RecordsQuarantined", "RecordsUnaccounted"])
def test_p18_records_that_went_wrong_call_a_person(platform: Synthesized, metric: str) -> None:
    namespace = platform.only("AWS::Glue::Job")["DefaultArguments"]["--metrics"]
    (alarm,) = [a for a in platform.properties("AWS::CloudWatch::Alarm", "Analytics") if a.get("MetricName") == metric]

    assert (alarm["Namespace"], alarm["Threshold"], alarm["Statistic"]) == (namespace, 1, "Sum")
    assert f'"{metric}"' in (LIBRARY / "aws.py").read_text()
    assert "Alarms" in json.dumps(alarm["AlarmActions"])


def test_p18_catalog_has_the_tables_that_the_job_writes(platform: Synthesized) -> None:
    tables = {table["TableInput"]["Name"]: table["TableInput"] for table in platform.properties("AWS::Glue::Table")}
    expected = {f"curated_{name}": table for name, table in TABLES["curated"].items()}
    expected["quarantine"] = TABLES["quarantine"]

    assert set(tables) == set(expected)
    for name, table in tables.items():
        columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        assert columns == {column["name"]: column["type"] for column in expected[name]["columns"]}
        assert [(key["Name"], key["Type"]) for key in table["PartitionKeys"]] == [("date", "string")]
        assert name.replace("_", "/", 1) + "/" in json.dumps(table["StorageDescriptor"]["Location"])
