"""Rows P7, P8 and P16: database, cache, lake, and how they are found."""

from __future__ import annotations

import json

from ops.reachability import Network
from retail_constructs.aurora_serverless import STATEMENT_LOG
from tests.infrastructure.synthesis import Synthesized


def test_p8_aurora_is_postgresql_17_with_a_writer_and_a_reader(platform: Synthesized) -> None:
    cluster = platform.only("AWS::RDS::DBCluster")
    instances = platform.properties("AWS::RDS::DBInstance")

    assert (cluster["Engine"], cluster["EngineVersion"].split(".")[0]) == ("aurora-postgresql", "17")
    assert [instance["DBInstanceClass"] for instance in instances] == ["db.serverless"] * 2
    assert cluster["StorageEncrypted"] is True
    assert cluster["EnableIAMDatabaseAuthentication"] is True
    assert cluster["EnableHttpEndpoint"] is True
    assert cluster["EnableCloudwatchLogsExports"] == ["postgresql"]


def test_p8_writer_and_reader_are_in_two_zones(platform: Synthesized) -> None:
    network = Network(platform.templates)
    instances = platform.properties("AWS::RDS::DBInstance")
    subnets = [network.target("Data", instance["AvailabilityZone"]) for instance in instances]
    zones = [platform.resources("AWS::EC2::Subnet")[name]["Properties"]["AvailabilityZone"] for name in subnets]

    assert sorted(zones) == ["us-east-2a", "us-east-2b"]


def test_p8_prod_scales_from_half_to_sixteen_and_dev_pauses(dev: Synthesized, prod: Synthesized) -> None:
    assert prod.only("AWS::RDS::DBCluster")["ServerlessV2ScalingConfiguration"] == {
        "MinCapacity": 0.5,
        "MaxCapacity": 16,
    }
    assert dev.only("AWS::RDS::DBCluster")["ServerlessV2ScalingConfiguration"]["MinCapacity"] == 0


def test_p8_database_refuses_connections_without_tls(platform: Synthesized) -> None:
    parameters = platform.only("AWS::RDS::DBClusterParameterGroup")["Parameters"]
    assert parameters["rds.force_ssl"] == "1"
    assert parameters.items() >= STATEMENT_LOG.items()


def test_p8_logs_are_exported_to_an_encrypted_group_with_an_end(platform: Synthesized) -> None:
    (cluster,) = platform.resources("AWS::RDS::DBCluster").values()
    name = f"/aws/rds/cluster/{cluster['Properties']['DBClusterIdentifier']}/postgresql"
    ((logical_id, group),) = (
        (logical_id, group["Properties"])
        for logical_id, group in platform.resources("AWS::Logs::LogGroup", "Data").items()
        if group["Properties"].get("LogGroupName") == name
    )

    assert group["RetentionInDays"] == {"dev": 7, "staging": 30, "prod": 365}[platform.name]
    assert "DataKey" in json.dumps(group["KmsKeyId"])
    assert logical_id in cluster["DependsOn"], "else Aurora makes the group first, without key and end"


def test_p8_instances_are_observed(platform: Synthesized) -> None:
    for instance in platform.properties("AWS::RDS::DBInstance"):
        assert instance["EnablePerformanceInsights"] is True
        assert "DataKey" in json.dumps(instance["PerformanceInsightsKMSKeyId"])
        assert instance["MonitoringInterval"] == 60
        assert instance["PubliclyAccessible"] is False


def test_p8_rds_writes_what_hosts_report_to_the_group_made_for_it_and_makes_none(platform: Synthesized) -> None:
    groups = platform.resources("AWS::Logs::LogGroup", "Data")
    (group,) = [name for name, made in groups.items() if made["Properties"].get("LogGroupName") == "RDSOSMetrics"]
    (policy,) = [
        found["Properties"]["PolicyDocument"]["Statement"]
        for name, found in platform.resources("AWS::IAM::ManagedPolicy", "Data").items()
        if name.startswith("DatabaseMonitoring")
    ]
    (statement,) = policy

    assert statement["Resource"] == {"Fn::GetAtt": [group, "Arn"]}
    assert "logs:PutLogEvents" in statement["Action"]
    assert "logs:CreateLogGroup" not in statement["Action"], "one that came back would stop the next deployment"


def test_p8_the_secret_rotates_every_thirty_days_by_a_function_that_knows_no_other(platform: Synthesized) -> None:
    schedule = platform.only("AWS::SecretsManager::RotationSchedule", "Security")
    policies = [
        json.dumps(p) for p in platform.properties("AWS::IAM::ManagedPolicy", "Security") if "Rotation" in json.dumps(p)
    ]
    invokers = [
        permission
        for permission in platform.properties("AWS::Lambda::Permission", "Security")
        if permission["Principal"] == "secretsmanager.amazonaws.com"
    ]

    assert "DatabaseSecret" in json.dumps(schedule["SecretId"])
    assert schedule["RotationRules"]["ScheduleExpression"] == "rate(30 days)"
    assert schedule["RotateImmediatelyOnUpdate"] is False, "a deployment does not change the password"
    assert [permission["SourceAccount"] for permission in invokers] == [{"Ref": "AWS::AccountId"}]
    assert any("secretsmanager:PutSecretValue" in policy for policy in policies)
    assert not any("secretsmanager:*" in policy for policy in policies)


def test_p8_rotation_finds_the_database_by_parameters_that_its_stack_publishes(platform: Synthesized) -> None:
    (granted,) = (
        {resource["Fn::Join"][1][-1] for resource in statement["Resource"]}
        for policy in platform.properties("AWS::IAM::ManagedPolicy", "Security")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "FindTheDatabase"
    )
    published = {parameter["Name"] for parameter in platform.properties("AWS::SSM::Parameter", "Data")}

    names = {f"/retail/{platform.name}/database/{name}" for name in ("writer-endpoint", "port", "name")}
    assert {grant.partition(":parameter")[2] for grant in granted} == names
    assert names <= published


def test_p5_storefronts_table_is_restorable_encrypted_and_forgets(prod: Synthesized) -> None:
    table = prod.only("AWS::DynamoDB::Table", "Data")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert "DataKey" in json.dumps(table["SSESpecification"]["KMSMasterKeyId"])
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_p7_cache_admits_one_group_of_users_and_keeps_snapshots(prod: Synthesized) -> None:
    cache = prod.only("AWS::ElastiCache::ServerlessCache")

    assert next(iter(cache["UserGroupId"].values())) in prod.resources("AWS::ElastiCache::UserGroup")
    assert cache["SnapshotRetentionLimit"] == 7
    assert cache["DailySnapshotTime"]
    assert "DataKey" in json.dumps(cache["KmsKeyId"])


def test_p7_cache_is_valkey_with_a_user_that_cannot_administer(platform: Synthesized) -> None:
    cache = platform.only("AWS::ElastiCache::ServerlessCache")
    user = platform.only("AWS::ElastiCache::User")

    assert (cache["Engine"], cache["MajorEngineVersion"]) == ("valkey", "8")
    assert "-@dangerous" in user["AccessString"].split()
    assert all("DataSubnet" in json.dumps(subnet) for subnet in cache["SubnetIds"])


def test_p16_raw_events_move_to_cheaper_classes_and_are_never_deleted(platform: Synthesized) -> None:
    (lake,) = (b for b in platform.properties("AWS::S3::Bucket", "Data") if "NotificationConfiguration" in b)
    (raw,) = (rule for rule in lake["LifecycleConfiguration"]["Rules"] if rule.get("Prefix") == "raw/")

    assert [(move["TransitionInDays"], move["StorageClass"]) for move in raw["Transitions"]] == [
        (30, "STANDARD_IA"),
        (90, "GLACIER_IR"),
    ]
    assert "ExpirationInDays" not in raw


def test_p16_nothing_is_left_of_what_is_deleted(platform: Synthesized) -> None:
    """The nightly job stages its files and deletes them: of each a version would stay, then a marker for ever."""
    (lake,) = (b for b in platform.properties("AWS::S3::Bucket", "Data") if "NotificationConfiguration" in b)
    (everywhere,) = (r for r in lake["LifecycleConfiguration"]["Rules"] if "Prefix" not in r)

    assert everywhere["Status"] == "Enabled"
    assert everywhere["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert everywhere["ExpiredObjectDeleteMarker"] is True


def test_p16_lake_tells_eventbridge_without_a_custom_resource(platform: Synthesized) -> None:
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
            "database/cluster-arn",
            "database/secret-arn",
            "cache/endpoint",
            "lake/bucket",
            "storefront/table",
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


def test_prod_has_no_function_but_the_shops_own_and_the_one_that_empties_the_default_group(prod: Synthesized) -> None:
    functions = prod.resources("AWS::Lambda::Function")
    others = [name for name, function in functions.items() if function["Properties"]["Runtime"] != "python3.14"]

    assert [name.startswith("CustomVpcRestrictDefaultSG") for name in others] == [True]


def test_layer_is_built_for_the_python_and_the_processor_of_the_functions(dev: Synthesized) -> None:
    layers = dev.properties("AWS::Lambda::LayerVersion")
    (asset,) = {layer["Content"]["S3Key"].removesuffix(".zip") for layer in layers}
    compiled = [path.name for path in (dev.directory / f"asset.{asset}").rglob("*.so*") if "cpython" in path.name]

    assert {tuple(layer["CompatibleRuntimes"]) for layer in layers} == {("python3.14",)}
    assert compiled
    assert [name for name in compiled if not name.endswith(".cpython-314-aarch64-linux-gnu.so")] == []
