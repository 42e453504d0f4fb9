"""The templates of `prod` deploy unmodified too, with what no other environment has: names, accelerator, warehouse."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx2 as httpx
import pytest

from local.emulator import EDGE_REGION, REGION
from local.platform import EmbeddedPlatform
from local.run_directory import ROOT
from tests.platform.deployed import PATIENCE_SECONDS, Deployed, quiet

API = "api.retailplatform.example"
# Named in docs/local-platform.md: the template of these is proven, and nothing of them runs.
RECORDED = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Backup::BackupSelection",
    "AWS::Budgets::Budget",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::GlobalAccelerator::Accelerator",
    "AWS::GlobalAccelerator::EndpointGroup",
    "AWS::GlobalAccelerator::Listener",
    "AWS::Glue::SecurityConfiguration",
    "AWS::RedshiftServerless::Workgroup",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
    "Custom::WarehouseSetup",
}


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The environment that the requirements describe, deployed beside `dev`."""
    embedded = EmbeddedPlatform(tmp_path_factory.mktemp("prod"), environment="prod")
    running = embedded.up(0, quiet)
    try:
        yield Deployed.of(embedded, running, "prod")
    finally:
        embedded.down()


def test_every_stack_of_prod_is_created_from_the_synthesized_templates(prod: Deployed) -> None:
    stacks = {
        stack["StackName"]: stack["StackStatus"]
        for region in (REGION, EDGE_REGION)
        for stack in prod.emulator.client("cloudformation", region).describe_stacks()["Stacks"]
        if stack["StackName"].startswith("retail-")
    }
    synthesized = {file.name: file.read_bytes() for file in (ROOT / "build" / "prod").glob("*.template.json")}
    deployed = {file.name: file.read_bytes() for file in (prod.directory / "assembly").glob("*.template.json")}

    assert stacks == {
        f"retail-prod-{name.removesuffix('.template.json').lower()}": "CREATE_COMPLETE" for name in synthesized
    }
    assert len(stacks) == 8
    assert deployed == synthesized


def test_what_of_prod_is_recorded_only_is_what_the_documentation_names(prod: Deployed) -> None:
    assert {resource.type for resource in EmbeddedPlatform(prod.directory).recorded()} == RECORDED


def test_the_shop_of_prod_is_ready_and_sells_no_samples(prod: Deployed) -> None:
    assert httpx.get(f"{prod.address}/ready", timeout=PATIENCE_SECONDS).json() == {"status": "ready", "missing": []}
    assert httpx.get(f"{prod.address}/api/products", timeout=PATIENCE_SECONDS).json()["items"] == []


def test_p1_the_accelerators_load_balancer_forwards_the_api_of_its_host_and_refuses_the_rest(prod: Deployed) -> None:
    client = prod.emulator.client("elbv2")
    arn = prod.resource("ingress", "ApiLoadBalancer")
    (balancer,) = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    trust = ssl.create_default_context(cafile=str(prod.emulator.authority))

    assert balancer["Scheme"] == "internal"
    with httpx.Client(base_url=prod.emulator.endpoint, verify=trust, timeout=PATIENCE_SECONDS) as gateway:
        for path in ("/", "/admin", "/static/shop.css"):
            refused = gateway.get(f"/_alb/{balancer['LoadBalancerName']}{path}", headers={"Host": API})
            assert (refused.status_code, refused.text) == (403, "")
        answer = gateway.get(f"/_alb/{balancer['LoadBalancerName']}/api/products", headers={"Host": API})
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        stranger = gateway.get("/api/products", headers={"Host": balancer["DNSName"]})
        assert stranger.status_code == 403
