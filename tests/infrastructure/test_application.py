"""Row P5: the storefront's tasks."""

from __future__ import annotations

import json
from pathlib import Path

from tests.infrastructure.synthesis import Synthesized, synthesize


def test_tasks_are_arm_read_only_and_not_root(platform: Synthesized) -> None:
    task = platform.only("AWS::ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]

    assert task["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] not in ("", "0", "root")
    assert "/health" in json.dumps(container["HealthCheck"])


def test_container_knows_its_parameter_path_and_gets_credentials_as_secrets(platform: Synthesized) -> None:
    (container,) = platform.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]

    assert {entry["Name"]: entry["Value"] for entry in container["Environment"]} == {
        "RETAIL_ENVIRONMENT": platform.name,
        "PARAMETER_PREFIX": f"/retail/{platform.name}",
        "PORT": "8080",
        "PAYMENT_GATEWAY": "none" if platform.name == "prod" else "simulator",
    }
    assert {entry["Name"] for entry in container["Secrets"]} == {"DATABASE_USERNAME", "DATABASE_PASSWORD"}


def test_service_is_private_and_rolls_back(platform: Synthesized) -> None:
    service = platform.only("AWS::ECS::Service")
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]

    assert network["AssignPublicIp"] == "DISABLED"
    assert all("ApplicationSubnet" in json.dumps(subnet) for subnet in network["Subnets"])
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["DeploymentConfiguration"]["MinimumHealthyPercent"] == 100


def test_tasks_scale_from_2_to_20_by_cpu_and_by_requests(prod: Synthesized) -> None:
    target = prod.only("AWS::ApplicationAutoScaling::ScalableTarget")
    policies = [
        policy["TargetTrackingScalingPolicyConfiguration"]
        for policy in prod.properties("AWS::ApplicationAutoScaling::ScalingPolicy")
    ]
    goals = {
        policy["PredefinedMetricSpecification"]["PredefinedMetricType"]: policy["TargetValue"] for policy in policies
    }

    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 20)
    assert goals == {"ECSServiceAverageCPUUtilization": 70, "ALBRequestCountPerTarget": 1000}


def test_repository_scans_and_never_overwrites(platform: Synthesized) -> None:
    repository = platform.only("AWS::ECR::Repository")

    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["ImageTagMutability"] == "IMMUTABLE"


def test_image_is_the_repositorys_once_a_tag_is_given(dev: Synthesized, tmp_path: Path) -> None:
    tagged = synthesize("dev", tmp_path, image_tag="1f3a")

    def image(platform: Synthesized) -> str:
        return json.dumps(platform.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"][0]["Image"])

    assert "Repository" in image(tagged)
    assert ":1f3a" in image(tagged)
    assert "cdk-hnb659fds-container-assets" in image(dev)


def test_image_holds_the_storefront_and_the_domain_package_only(dev: Synthesized) -> None:
    (image,) = json.loads((dev.directory / "Application.assets.json").read_text())["dockerImages"].values()
    context = dev.directory / image["source"]["directory"]

    assert (context / image["source"]["dockerFile"]).is_file()
    assert {path.relative_to(context).as_posix() for path in context.glob("*/*")} == {
        "services/storefront",
        "lambda_src/retail",
    }
    assert not list(context.rglob("__pycache__"))


def test_task_role_may_read_parameters_write_the_lake_and_publish_and_nothing_else(platform: Synthesized) -> None:
    policies = [
        policy["PolicyDocument"]["Statement"]
        for stack in ("Application", "Data", "Events")
        for policy in platform.properties("AWS::IAM::Policy", stack)
        if "TaskRole" in json.dumps(policy["Roles"])
    ]
    actions = {
        action
        for statements in policies
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }

    assert len(policies) == 3, "each stack grants what it owns"
    assert actions == {
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:GetParametersByPath",
        "s3:PutObject",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "events:PutEvents",
    }
