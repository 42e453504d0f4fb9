"""Rows P7, P8 and P16: database, cache, lake, and how they are found."""

from __future__ import annotations

import json

from tests.infrastructure.synthesis import Synthesized


def test_aurora_is_postgresql_17_with_a_writer_and_a_reader(platform: Synthesized) -> None:
    cluster = platform.only("AWS::RDS::DBCluster")
    instances = platform.properties("AWS::RDS::DBInstance")

    assert (cluster["Engine"], cluster["EngineVersion"].split(".")[0]) == ("aurora-postgresql", "17")
    assert [instance["DBInstanceClass"] for instance in instances] == ["db.serverless"] * 2
    assert cluster["StorageEncrypted"] is True
    assert cluster["EnableIAMDatabaseAuthentication"] is True
    assert cluster["EnableHttpEndpoint"] is True
    assert cluster["EnableCloudwatchLogsExports"] == ["postgresql"]


def test_prod_scales_from_half_to_sixteen_and_dev_pauses(dev: Synthesized, prod: Synthesized) -> None:
    assert prod.only("AWS::RDS::DBCluster")["ServerlessV2ScalingConfiguration"] == {
        "MinCapacity": 0.5,
        "MaxCapacity": 16,
    }
    assert dev.only("AWS::RDS::DBCluster")["ServerlessV2ScalingConfiguration"]["MinCapacity"] == 0


def test_database_refuses_connections_without_tls(platform: Synthesized) -> None:
    assert platform.only("AWS::RDS::DBClusterParameterGroup")["Parameters"]["rds.force_ssl"] == "1"


def test_cache_is_valkey_with_a_user_that_cannot_administer(platform: Synthesized) -> None:
    cache = platform.only("AWS::ElastiCache::ServerlessCache")
    user = platform.only("AWS::ElastiCache::User")

    assert (cache["Engine"], cache["MajorEngineVersion"]) == ("valkey", "8")
    assert "-@dangerous" in user["AccessString"].split()
    assert all("DataSubnet" in json.dumps(subnet) for subnet in cache["SubnetIds"])


def test_lake_tells_eventbridge_without_a_custom_resource(platform: Synthesized) -> None:
    lake = platform.resources("AWS::S3::Bucket", "Data")["Lake5F1B88EA"]["Properties"]

    assert lake["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert not platform.resources("Custom::S3BucketNotifications")


def test_what_the_application_looks_for_is_published_under_its_path(platform: Synthesized) -> None:
    names = {parameter["Name"] for parameter in platform.properties("AWS::SSM::Parameter")}

    assert names == {
        f"/retail/{platform.name}/{name}"
        for name in (
            "database/writer-endpoint",
            "database/reader-endpoint",
            "database/port",
            "database/name",
            "cache/endpoint",
            "lake/bucket",
            "events/bus",
        )
    }


def test_schema_is_migrated_after_the_instances_exist_and_when_a_migration_is_new(platform: Synthesized) -> None:
    (schema,) = platform.resources("Custom::DatabaseSchema").values()
    instances = set(platform.resources("AWS::RDS::DBInstance"))

    assert instances <= set(schema["DependsOn"])
    assert len(schema["Properties"]["Migrations"]) == 64


def test_sample_catalog_is_for_environments_without_customers(dev: Synthesized, prod: Synthesized) -> None:
    def samples(platform: Synthesized) -> set[str]:
        functions = platform.properties("AWS::Lambda::Function", "Data")
        variables = [function.get("Environment", {}).get("Variables", {}) for function in functions]
        return {entry["SAMPLE_CATALOG"] for entry in variables if "SAMPLE_CATALOG" in entry}

    assert samples(dev) == {"true"}
    assert samples(prod) == {"false"}


def test_prod_has_no_function_but_the_shops_own(prod: Synthesized) -> None:
    runtimes = {function["Runtime"] for function in prod.properties("AWS::Lambda::Function")}

    assert runtimes == {"python3.13"}
