"""What the templates promise as a whole: unchanged unless meant, portable, repeatable, deployed in order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from environments import ENVIRONMENTS, named
from ops.teardown import stacks_of
from tests.infrastructure.synthesis import ROOT, STACKS, Synthesized, normalised, synthesize

# Replacing one of these loses data, or a name that people know: a changed logical id is never an accident.
STATEFUL = {
    "Networking": {"Vpc8378EB38", "LogKeyE83D0C1B"},
    "Security": {
        "DataKey17AFBB84",
        "DatabaseSecret86DBB7B3",
        "Alarms04B5A0BF",
        "AccessLogs8B620ECA",
        "AuditTrailBucketA91FD435",
    },
    "Edge": {"LogKeyE83D0C1B"},
    "Ingress": {"OriginSecret5DDC59F1", "SiteE53D7754", "LoadBalancerBE9EEC3A", "Cdn9963B1AD"},
    "Application": {"Repository22E53BBD"},
    "Data": {
        "DatabaseB269D8BB",
        "DatabaseWriter7794273E",
        "DatabaseReaderC663426B",
        "Cache",
        "Lake5F1B88EA",
        "StorefrontTableDABFF469",
    },
    "Events": {
        "BusEA82B648",
        "BusArchiveD76499E2",
        "BusDeadLettersE6FC4FB5",
        "OrderNotifications4FA71BF4",
        "OrderNotificationsDeadLetters5DC3E352",
        "OrderProcessingDeadLettersFDBA291B",
        "OrderProcessingQueueEF2774A5",
        "InventoryUpdateDeadLetters81FB27C5",
        "InventoryUpdateQueue0F8711FB",
        "NotificationDeadLettersF79DC82C",
        "NotificationQueue70A90705",
        "OutboxRelayDeadLetters34650F60",
        "LakeDeliveryOrders50FB45A2",
        "LakeDeliveryInventoryE8E116C2",
        "LakeDeliveryProductsEA65AE80",
    },
    "Analytics": {"Catalog", "CrawlingDeadLetters9AD49842", "CrawlingQueue8D9CFE63"},
}
WITH_AN_ACCELERATOR = {"ApiLoadBalancer9F78B8A1", "ApiF70053CD"}
WITH_A_WAREHOUSE = {"Warehouse"}
WITH_BACKUPS = {"BackupsVault1F11AFCC"}
STATEFUL_TYPES = {
    "AWS::EC2::VPC",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::S3::Bucket",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::CloudFront::Distribution",
    "AWS::ECR::Repository",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Events::EventBus",
    "AWS::Events::Archive",
    "AWS::SQS::Queue",
    "AWS::Glue::Database",
    "AWS::DynamoDB::Table",
    "AWS::RedshiftServerless::Namespace",
    "AWS::Backup::BackupVault",
    "AWS::GlobalAccelerator::Accelerator",
    "AWS::KinesisFirehose::DeliveryStream",
}
GOES_WITH_ITS_GROUP = "AWS::Logs::LogStream"


def run_app(*arguments: str, folder: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python app.py` as a person runs it in `folder`, without credentials."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"  # the set-up's node
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.mark.parametrize("stack", STACKS)
def test_template(stack: str, platform: Synthesized, snapshot: SnapshotAssertion) -> None:
    """The template is the accepted one; `make snapshots` accepts a change that is meant."""
    assert normalised(platform.templates[stack]) == snapshot(extension_class=JSONSnapshotExtension)


def test_stateful_resources_keep_their_logical_ids_everywhere(platform: Synthesized) -> None:
    found = {
        stack: {name for name, resource in template["Resources"].items() if resource["Type"] in STATEFUL_TYPES}
        for stack, template in platform.templates.items()
    }

    environment = ENVIRONMENTS[platform.name]
    optional = {
        "Ingress": WITH_AN_ACCELERATOR if environment.accelerator else set(),
        "Security": {"PaymentSecretEACA6802"} if environment.shop.payment_gateway == "stripe" else set(),
        "Data": WITH_BACKUPS if environment.operations.backups else set(),
        "Analytics": WITH_A_WAREHOUSE if environment.warehouse else set(),
    }
    assert found == {stack: names | optional.get(stack, set()) for stack, names in STATEFUL.items()}


def test_everything_that_outlives_its_stack_is_among_the_stateful(prod: Synthesized) -> None:
    kept = {
        resource["Type"]
        for template in prod.templates.values()
        for resource in template["Resources"].values()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
    }

    without_data = {GOES_WITH_ITS_GROUP, "AWS::RDS::DBSubnetGroup"}
    assert kept - without_data <= STATEFUL_TYPES


def test_templates_are_the_same_when_synthesized_again(dev: Synthesized, tmp_path: Path) -> None:
    again = synthesize("dev", tmp_path)

    assert [again.path_of(stack).read_bytes() for stack in STACKS] == [
        dev.path_of(stack).read_bytes() for stack in STACKS
    ]


@pytest.mark.slow
def test_templates_are_the_same_in_another_folder_of_another_user(prod: Synthesized, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "project"
    left_out = shutil.ignore_patterns(".*", "node_modules", "build", "__pycache__", "__snapshots__")
    shutil.copytree(ROOT, elsewhere, ignore=left_out)
    (elsewhere / "build").mkdir()
    (elsewhere / "build" / "cache").symlink_to(ROOT / "build" / "cache")  # installed packages, not ours
    sources = os.pathsep.join(str(elsewhere / name) for name in ("", "constructs", "lambda_src", "services"))

    result = run_app("-c", "env=prod", folder=elsewhere, PYTHONPATH=sources, CDK_OUTDIR=str(tmp_path / "assembly"))

    assert result.returncode == 0, result.stderr
    again = Synthesized("prod", prod.app, tmp_path / "assembly")
    assert [again.path_of(stack).read_bytes() for stack in STACKS] == [
        prod.path_of(stack).read_bytes() for stack in STACKS
    ]


def test_templates_hold_no_path_of_this_machine(platform: Synthesized) -> None:
    for stack in STACKS:
        text = platform.path_of(stack).read_text()
        assert str(Path.home()) not in text
        assert str(ROOT) not in text


def test_p25_stacks_are_deployed_in_order_and_the_edge_before_ingress(platform: Synthesized) -> None:
    manifest = json.loads((platform.directory / "manifest.json").read_text())["artifacts"]
    needs = {stack: set(manifest[stack]["dependencies"]) & set(STACKS) for stack in STACKS}

    assert "Edge" in needs["Ingress"]
    for position, stack in enumerate(STACKS):
        assert needs[stack] <= set(STACKS[:position]), f"{stack} needs a stack that is deployed later"
        assert manifest[stack]["properties"]["stackName"] == f"retail-{platform.name}-{stack.lower()}"
        region = "us-east-1" if stack == "Edge" else "us-east-2"
        assert manifest[stack]["environment"] == f"aws://unknown-account/{region}"


def test_references_between_stacks_are_weak(platform: Synthesized) -> None:
    for template in platform.templates.values():
        assert "Fn::ImportValue" not in json.dumps(template)
        assert not any("Export" in output for output in template.get("Outputs", {}).values())


def test_teardown_knows_every_stack_in_the_order_of_deployment(platform: Synthesized) -> None:
    manifest = json.loads((platform.directory / "manifest.json").read_text())["artifacts"]
    deployed = [(manifest[stack]["properties"]["stackName"], manifest[stack]["environment"]) for stack in STACKS]

    going = [(stack.name, f"aws://unknown-account/{stack.region}") for stack in stacks_of(named(platform.name))]
    assert going == deployed[::-1]


def test_database_and_load_balancers_are_deleted_by_no_slip(platform: Synthesized) -> None:
    for balancer in platform.properties("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        attributes = {entry["Key"]: entry["Value"] for entry in balancer["LoadBalancerAttributes"]}
        assert attributes["deletion_protection.enabled"] == "true"
    assert platform.only("AWS::RDS::DBCluster")["DeletionProtection"] is True


def test_only_stacks_of_durable_environments_are_protected(dev: Synthesized, prod: Synthesized) -> None:
    def protected(platform: Synthesized) -> set[bool]:
        manifest = json.loads((platform.directory / "manifest.json").read_text())["artifacts"]
        return {manifest[stack]["properties"].get("terminationProtection", False) for stack in STACKS}

    assert protected(prod) == {True}
    assert protected(dev) == {False}


def test_data_outlives_its_stack_in_prod_and_goes_with_it_in_dev(dev: Synthesized, prod: Synthesized) -> None:
    data = (
        "AWS::S3::Bucket",
        "AWS::RDS::DBCluster",
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
        "AWS::ECR::Repository",
        "AWS::DynamoDB::Table",
    )

    def going(platform: Synthesized, resource_type: str) -> set[tuple[str, str]]:
        found = [resource for stack in STACKS for resource in platform.resources(resource_type, stack).values()]
        return {(resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) for resource in found}

    for resource_type in data:
        assert going(prod, resource_type) == {("RetainExceptOnCreate", "Retain")}, resource_type
        assert going(dev, resource_type) == {("Delete", "Delete")}, resource_type


def policies_of_deletion(platform: Synthesized) -> set[str]:
    """How the environment's resources go, but for log streams."""
    return {
        resource.get("DeletionPolicy", "Delete")
        for template in platform.templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] != GOES_WITH_ITS_GROUP
    }


def test_a_first_deployment_that_failed_leaves_no_name_behind_that_stops_the_second(prod: Synthesized) -> None:
    assert policies_of_deletion(prod) == {"Delete", "RetainExceptOnCreate"}


@pytest.mark.parametrize("name", ["dev", "staging"])
def test_an_environment_that_was_destroyed_can_be_deployed_again(
    name: str, platforms: Callable[[str], Synthesized]
) -> None:
    assert policies_of_deletion(platforms(name)) == {"Delete"}


@pytest.mark.slow
def test_unknown_environment_is_one_line_that_lists_the_known_ones() -> None:
    result = run_app("-c", "env=production")

    assert result.returncode != 0
    assert result.stderr.splitlines() == [
        "error: unknown environment 'production': use -c env= with one of dev, staging, prod"
    ]


@pytest.mark.slow
def test_app_synthesizes_without_credentials_and_passes_every_gate(tmp_path: Path) -> None:
    result = run_app("-c", "env=prod", CDK_OUTDIR=str(tmp_path))

    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.glob("*.template.json")} == {f"{stack}.template.json" for stack in STACKS}
    reports = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    assert {report["pluginName"]: report["violations"] for report in reports if report["violations"]} == {}
    assert "CloudFormation Validate" in {report["pluginName"] for report in reports}
