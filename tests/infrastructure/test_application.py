"""Row P5: the storefront's tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retail_constructs.trace_collector import TRACES_ENDPOINT
from stacks.application import DISCOVERED
from storefront.discovery import NAMES
from tests.infrastructure.synthesis import Synthesized, synthesize


def test_p5_tasks_are_arm_read_only_and_not_root(platform: Synthesized) -> None:
    task = platform.only("AWS::ECS::TaskDefinition")
    container, *beside = task["ContainerDefinitions"]

    assert len(beside) == (platform.name != "dev")
    assert task["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] not in ("", "0", "root")
    assert "/health" in json.dumps(container["HealthCheck"])


def test_p5_container_knows_its_parameter_path_and_gets_credentials_as_secrets(platform: Synthesized) -> None:
    container = platform.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"][0]

    told = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
    assert "DatabaseSecret" in json.dumps(told.pop("DATABASE_SECRET_ARN"))
    assert ("PaymentSecret" in json.dumps(told.pop("PAYMENT_SECRET_ARN", ""))) == (platform.name == "prod")
    assert told.pop("STORE_ADDRESS", None) == (
        "https://store.retailplatform.example" if platform.name == "prod" else None
    )
    assert told.pop("TRACE_COLLECTOR", None) == (None if platform.name == "dev" else TRACES_ENDPOINT)
    assert told == {
        "RETAIL_ENVIRONMENT": platform.name,
        "PARAMETER_PREFIX": f"/retail/{platform.name}",
        "PORT": "8080",
        "PAYMENT_GATEWAY": "stripe" if platform.name == "prod" else "simulator",
        "RECOMMENDATION_MODEL": "amazon.nova-lite-v1:0",
        "RECOMMENDATION_REGION": "us-east-1",
    }
    assert {entry["Name"] for entry in container["Secrets"]} == {"DATABASE_USERNAME", "DATABASE_PASSWORD"}


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_traces_are_collected_beside_the_storefront_and_never_in_its_way(
    name: str, platforms: Callable[[str], Synthesized]
) -> None:
    platform = platforms(name)
    task = platform.only("AWS::ECS::TaskDefinition")
    storefront, collector = task["ContainerDefinitions"]

    assert (storefront["Essential"], collector["Essential"]) == (True, False)
    assert collector["RestartPolicy"]["Enabled"] is True
    assert re.search(r":v\d+\.\d+\.\d+$", collector["Image"])
    assert collector["ReadonlyRootFilesystem"] is True
    assert collector["User"] not in ("", "0", "root", storefront["User"])
    assert collector["Memory"] <= int(task["Memory"]) // 4, "the storefront's share"
    streams = [part["LogConfiguration"]["Options"]["awslogs-stream-prefix"] for part in (storefront, collector)]
    assert streams == ["app", "traces"]
    assert "PortMappings" not in collector, "nobody outside of the task reaches it"
    told = {entry["Name"]: entry["Value"] for entry in collector["Environment"]}
    configuration = json.loads(told["AOT_CONFIG_CONTENT"])
    receiver = configuration["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert f"http://{receiver}/v1/traces" == TRACES_ENDPOINT
    assert receiver.startswith("127.0.0.1:")
    assert configuration["processors"]["memory_limiter"]["limit_mib"] < collector["Memory"]
    assert configuration["service"]["pipelines"]["traces"]["exporters"] == ["awsxray"]


def test_p5_service_is_private_and_rolls_back(platform: Synthesized) -> None:
    service = platform.only("AWS::ECS::Service")
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]

    assert network["AssignPublicIp"] == "DISABLED"
    assert all("ApplicationSubnet" in json.dumps(subnet) for subnet in network["Subnets"])
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["DeploymentConfiguration"]["MinimumHealthyPercent"] == 100


def test_p15_a_shop_without_tasks_calls_a_person_though_nothing_counts_errors(platform: Synthesized) -> None:
    ((service, found),) = platform.resources("AWS::ECS::Service").items()
    groups = [json.dumps(balancer["TargetGroupArn"]) for balancer in found["Properties"]["LoadBalancers"]]
    alarms = {
        name: alarm
        for name, alarm in platform.resources("AWS::CloudWatch::Alarm", "Application").items()
        if alarm["Properties"]["MetricName"] == "HealthyHostCount"
    }

    assert len(alarms) == len(groups) == (1 if platform.name != "prod" else 2)
    for name, alarm in alarms.items():
        assert alarm["Properties"]["ComparisonOperator"] == "LessThanThreshold", name
        assert alarm["Properties"]["Threshold"] == 1
        assert alarm["Properties"]["TreatMissingData"] == "breaching", "a group without tasks says nothing"
        assert service in alarm["DependsOn"], "else it is raised by the first deployment"
    watched = {
        dimension["Value"]["Fn::GetStackOutput"]["OutputName"]
        for alarm in alarms.values()
        for dimension in alarm["Properties"]["Dimensions"]
        if dimension["Name"] == "TargetGroup"
    }
    assert len(watched) == len(groups)


def test_p5_tasks_are_found_by_a_name_inside_the_network(platform: Synthesized) -> None:
    ((found, service),) = platform.resources("AWS::ServiceDiscovery::Service").items()
    (namespace,) = platform.resources("AWS::ServiceDiscovery::PrivateDnsNamespace")
    (registry,) = platform.only("AWS::ECS::Service")["ServiceRegistries"]

    assert registry["RegistryArn"] == {"Fn::GetAtt": [found, "Arn"]}
    assert service["Properties"]["DnsConfig"]["NamespaceId"] == {"Fn::GetAtt": [namespace, "Id"]}
    assert platform.only("AWS::ServiceDiscovery::PrivateDnsNamespace")["Name"] == "retail.internal"


def test_p5_tasks_scale_from_2_to_20_by_cpu_and_by_requests(prod: Synthesized) -> None:
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


def test_p5_repository_scans_and_never_overwrites(platform: Synthesized) -> None:
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


def granted(platform: Synthesized, role: str, *stacks: str) -> dict[str, str]:
    """action → the resources it is granted on, of every policy of the role whose id holds `role`."""
    grants: dict[str, list[Any]] = {}
    for policy in platform.properties("AWS::IAM::ManagedPolicy", *stacks):
        if role in json.dumps(policy.get("Roles")):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
                resources = (
                    statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                )
                for action in actions:
                    grants.setdefault(action, []).extend(resources)
    return {action: json.dumps(resources) for action, resources in grants.items()}


def test_p5_task_role_may_do_what_the_row_says_on_what_it_names(platform: Synthesized) -> None:
    grants = granted(platform, "TaskRole", "Application", "Data", "Events")

    on_what = {
        "ssm:GetParameters": f"parameter/retail/{platform.name}/",
        "s3:PutObject": "/raw/*",
        "dynamodb:GetItem": "StorefrontTable",
        "dynamodb:PutItem": "StorefrontTable",
        "dynamodb:UpdateItem": "StorefrontTable",
        "dynamodb:DeleteItem": "StorefrontTable",
        "events:PutEvents": "Bus",
        "bedrock:InvokeModel": "bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        # The agent injects the credentials at start; a task that outlives them reads the next ones itself.
        "secretsmanager:GetSecretValue": "DatabaseSecret",
        "secretsmanager:DescribeSecret": "DatabaseSecret",
        "kms:Decrypt": "DataKey",
        "kms:GenerateDataKey": "DataKey",
    }
    traces = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}  # they have no resource level
    assert set(grants) - traces == set(on_what)
    assert traces <= set(grants) or platform.name == "dev"
    for action, resource in on_what.items():
        assert resource in grants[action], f"{action} on {grants[action]}"
        assert '"*"' not in grants[action]


def test_the_payment_secret_is_read_by_those_who_charge_and_open_card_pages_alone(prod: Synthesized) -> None:
    readers = {
        json.dumps(policy["Roles"])
        for policy in prod.properties("AWS::IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "PaymentSecret" in json.dumps(statement["Resource"])
        if "secretsmanager:GetSecretValue" in statement["Action"]
    }

    assert len(readers) == 2
    assert any("TaskRole" in reader for reader in readers)
    assert any("OrderProcess" in reader for reader in readers)
    assert "PaymentSecret" in granted(prod, "TaskRole", "Application")["secretsmanager:GetSecretValue"]


def test_p6_the_model_that_the_storefront_asks_is_the_one_that_it_may_invoke(platform: Synthesized) -> None:
    task = platform.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"][0]
    told = {variable["Name"]: variable["Value"] for variable in task["Environment"]}
    allowed = json.loads(granted(platform, "TaskRole", "Application")["bedrock:InvokeModel"])

    model = f"bedrock:{told['RECOMMENDATION_REGION']}::foundation-model/{told['RECOMMENDATION_MODEL']}"
    assert len(allowed) == 1
    assert json.dumps(allowed[0]).endswith(f':{model}"')


def test_p5_each_stack_grants_the_task_role_what_it_owns(platform: Synthesized) -> None:
    assert granted(platform, "TaskRole", "Data").keys() >= {"s3:PutObject", "dynamodb:PutItem"}
    assert granted(platform, "TaskRole", "Events").keys() == {"events:PutEvents"}


def test_p5_execution_role_starts_the_task_and_nothing_else(tmp_path: Path) -> None:
    grants = granted(synthesize("prod", tmp_path, image_tag="1f3a"), "ExecutionRole", "Application")

    on_what = {
        "ecr:BatchCheckLayerAvailability": "Repository",
        "ecr:GetDownloadUrlForLayer": "Repository",
        "ecr:BatchGetImage": "Repository",
        "ecr:GetAuthorizationToken": "*",  # it has no resource level
        "logs:CreateLogStream": "StorefrontLogs",
        "logs:PutLogEvents": "StorefrontLogs",
        "secretsmanager:GetSecretValue": "DatabaseSecret",
        "secretsmanager:DescribeSecret": "DatabaseSecret",
        "kms:Decrypt": "DataKey",
    }
    assert set(grants) == set(on_what)
    for action, resource in on_what.items():
        assert resource in grants[action], f"{action} on {grants[action]}"


def test_p5_repository_forgets_what_no_rollback_needs(platform: Synthesized) -> None:
    policy = json.loads(platform.only("AWS::ECR::Repository")["LifecyclePolicy"]["LifecyclePolicyText"])

    assert [rule["selection"]["countNumber"] for rule in policy["rules"]] == [30]


def test_p5_parameters_that_may_be_read_are_those_that_the_storefront_asks_for(prod: Synthesized) -> None:
    published = {parameter["Name"] for parameter in prod.properties("AWS::SSM::Parameter")}

    assert set(DISCOVERED) == set(NAMES)
    assert {f"/retail/prod/{name}" for name in DISCOVERED} <= published
