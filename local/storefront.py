"""The container's command as a process of this machine, with what the deployed task definition gives it."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

from local.emulator import Emulator
from local.run_directory import ROOT, LocalError, RunDirectory

_PYTHON = ROOT / "build" / "cache" / "storefront" / "bin" / "python"
_COMMAND = ["-m", "storefront"]  # the Dockerfile's


def storefront_address(port: int) -> str:
    """Where the storefront answers on this machine."""
    return f"http://127.0.0.1:{port}"


def start_storefront(run: RunDirectory, emulator: Emulator, stack: str, port: int) -> str:
    """Starts the storefront on `port` as ECS would, and returns its address.

    Environment variables and secrets are those of the task definition that `stack` deployed, the secrets read with its
    execution role; the process holds its task role's credentials and no others. It is registered with the service's
    target group, so that the emulated load balancer reaches it too.
    """
    service = _service(emulator, stack)
    definition = _task_definition(emulator, service["taskDefinition"])
    container = next(part for part in definition["containerDefinitions"] if part.get("essential", True))
    secrets = emulator.client("secretsmanager", role=definition["executionRoleArn"])
    environment = {
        **emulator.task_environment(definition["taskRoleArn"]),
        **{entry["name"]: entry["value"] for entry in container.get("environment", [])},
        **{entry["name"]: _secret(secrets, entry["valueFrom"]) for entry in container.get("secrets", [])},
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "services"), str(ROOT / "lambda_src")]),
    }
    address = storefront_address(port)
    run.start("storefront", [_PYTHON, *_COMMAND], environment, ready=lambda: _answers(f"{address}/ready"))
    load_balancing = emulator.client("elbv2")
    for target_group in service["loadBalancers"]:
        targets: Any = [{"Id": "127.0.0.1", "Port": port}]
        load_balancing.register_targets(TargetGroupArn=target_group["targetGroupArn"], Targets=targets)
    return address


def _service(emulator: Emulator, stack: str) -> Any:
    """The one ECS service of the deployed stack."""
    resources = emulator.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    ids = {resource["ResourceType"]: resource.get("PhysicalResourceId", "") for resource in resources}
    if "AWS::ECS::Service" not in ids:
        raise LocalError(f"The deployed stack {stack} has no ECS service")
    found = emulator.client("ecs").describe_services(
        cluster=ids["AWS::ECS::Cluster"], services=[ids["AWS::ECS::Service"]]
    )
    return found["services"][0]


def _task_definition(emulator: Emulator, arn: str) -> Any:
    """A deployed task definition."""
    return emulator.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]


def _secret(secrets: Any, value_from: str) -> str:
    """What the ECS agent injects for `valueFrom`: a secret's ARN, then key, version stage and version id, `:` apart."""
    parts = value_from.split(":")
    text = secrets.get_secret_value(SecretId=":".join(parts[:7]))["SecretString"]
    key = parts[7] if len(parts) > 7 else ""
    return str(json.loads(text)[key]) if key else text


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
