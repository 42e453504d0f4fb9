"""Rows P22 and G2: three tiers over three zones, and who may talk to whom."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from aws_cdk import App

from environments import DEV, LIGHT_TRAFFIC, NetworkPlan
from retail_constructs.interface_endpoints import pays
from retail_constructs.tiers import PUBLIC_ADDRESSES
from stacks.networking import NetworkingStack
from tests.infrastructure.synthesis import Synthesized

# The origin-facing prefix list of us-east-2, and the addresses that an accelerator hands on.
NAMES = {"pl-b6a144df": "CloudFront", **dict.fromkeys(PUBLIC_ADDRESSES, "Accelerator")}

# group → {(from, port)}: everything that is let in anywhere
REACHABLE: dict[str, set[tuple[str, int]]] = {
    "LoadBalancer": {("CloudFront", 443)},
    "Redirects": {("CloudFront", 80)},
    "ApiLoadBalancer": {("Accelerator", 443)},
    "Application": {("LoadBalancer", 8080), ("ApiLoadBalancer", 8080)},
    "Functions": set(),
    "ApiCallers": set(),
    "Warehouse": set(),
    "Database": {("Application", 5432), ("Functions", 5432)},
    "Cache": {("Application", 6379), ("Functions", 6379)},
}


def tier(reference: object) -> str:
    """The tier whose group a `Fn::GetAtt` names."""
    assert isinstance(reference, dict)
    logical_id: str = reference["Fn::GetAtt"][0]
    return next(name for name in REACHABLE if logical_id.startswith(f"Tiers{name}"))


def test_p22_vpc_has_three_tiers_over_three_zones(platform: Synthesized) -> None:
    subnets = platform.properties("AWS::EC2::Subnet")
    tiers: dict[str, set[str]] = {}
    for subnet in subnets:
        tags = {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}
        tiers.setdefault(tags["aws-cdk:subnet-name"], set()).add(subnet["AvailabilityZone"])

    zones = {"us-east-2a", "us-east-2b", "us-east-2c"}
    assert tiers == {"Public": zones, "Application": zones, "Data": zones}
    assert platform.only("AWS::EC2::VPC")["CidrBlock"] == "10.0.0.0/16"
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    networks = [IPv4Network(subnet["CidrBlock"]) for subnet in subnets]
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i])


def test_p22_prod_has_two_nat_gateways_and_dev_one(dev: Synthesized, prod: Synthesized) -> None:
    assert len(prod.resources("AWS::EC2::NatGateway")) == 2
    assert len(dev.resources("AWS::EC2::NatGateway")) == 1


def test_p22_data_subnets_have_no_way_out(platform: Synthesized) -> None:
    routes = platform.properties("AWS::EC2::Route")

    assert routes
    assert not [route for route in routes if "Data" in route["RouteTableId"]["Ref"]]


def test_p22_s3_and_dynamodb_are_reached_without_nat_and_nothing_else_pays(platform: Synthesized) -> None:
    endpoints = platform.properties("AWS::EC2::VPCEndpoint")

    assert {str(endpoint["ServiceName"]).rsplit(".", 1)[-1].strip("']}") for endpoint in endpoints} == {
        "s3",
        "dynamodb",
    }
    assert {endpoint["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}
    assert not any(pays(gigabytes, zones=3) for gigabytes in LIGHT_TRAFFIC.values())


@pytest.mark.parametrize(("gigabytes", "zones", "cheaper"), [(620, 3, False), (630, 3, True), (210, 1, True)])
def test_p22_an_endpoint_pays_from_626_gigabytes_in_three_zones(gigabytes: float, zones: int, cheaper: bool) -> None:
    assert pays(gigabytes, zones=zones) is cheaper


def test_p22_a_service_with_enough_traffic_gets_an_endpoint_in_every_zone_for_the_network_alone(tmp_path: Path) -> None:
    plan = NetworkPlan(nat_gateways=1, service_gigabytes={"logs": 900, "ecr.dkr": 700, "sqs": 5})
    app = App(outdir=str(tmp_path))
    NetworkingStack(app, "Networking", placement=DEV.placement, plan=plan, log_days=7)
    app.synth()
    resources = json.loads((tmp_path / "Networking.template.json").read_text())["Resources"].values()
    endpoints = [r["Properties"] for r in resources if r["Type"] == "AWS::EC2::VPCEndpoint"]
    interfaces = [endpoint for endpoint in endpoints if endpoint["VpcEndpointType"] == "Interface"]
    groups = [r["Properties"] for r in resources if r["Type"] == "AWS::EC2::SecurityGroup"]

    assert sorted(endpoint["ServiceName"] for endpoint in interfaces) == [
        "com.amazonaws.us-east-2.ecr.dkr",
        "com.amazonaws.us-east-2.logs",
    ]
    assert all(len(endpoint["SubnetIds"]) == 3 and endpoint["PrivateDnsEnabled"] for endpoint in interfaces)
    for group in groups:
        (rule,) = group["SecurityGroupIngress"]
        assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("10.0.0.0/16", 443, 443)


def admitted(platform: Synthesized) -> dict[str, set[tuple[str, int]]]:
    """Every ingress rule, inline or of its own, as tier → {(who, port)}; raises on a rule for any other addresses."""
    rules = [(rule["GroupId"], rule) for rule in platform.properties("AWS::EC2::SecurityGroupIngress")]
    for logical_id, group in platform.resources("AWS::EC2::SecurityGroup").items():
        inline = group["Properties"].get("SecurityGroupIngress", [])
        rules += [({"Fn::GetAtt": [logical_id]}, rule) for rule in inline]
    found: dict[str, set[tuple[str, int]]] = {name: set() for name in REACHABLE}
    for group, rule in rules:
        assert rule["FromPort"] == rule["ToPort"]
        outside = rule.get("SourcePrefixListId") or rule.get("CidrIp") or rule.get("CidrIpv6")
        who = NAMES[outside] if outside else tier(rule["SourceSecurityGroupId"])
        found[tier(group)].add((who, rule["FromPort"]))
    return found


def test_p22_each_tier_admits_exactly_the_one_before_it(prod: Synthesized) -> None:
    assert admitted(prod) == REACHABLE


def test_without_a_domain_cloudfront_still_is_the_only_way_in(dev: Synthesized) -> None:
    assert admitted(dev) == REACHABLE | {
        "LoadBalancer": {("CloudFront", 80)},
        "Redirects": set(),  # there are none, for there is nothing to redirect to
        "ApiLoadBalancer": set(),  # there is none, for an accelerator needs a domain
        "Application": {("LoadBalancer", 8080)},
    }


def test_nothing_goes_out_to_addresses_but_https(platform: Synthesized) -> None:
    for group in platform.properties("AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupEgress", []):
            nowhere = rule["CidrIp"] == "255.255.255.255/32"
            assert nowhere or (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (443, 443, "tcp")
    for rule in platform.properties("AWS::EC2::SecurityGroupEgress"):
        assert tier(rule["DestinationSecurityGroupId"]), "beyond that, only to another tier"


def test_p22_the_default_group_is_emptied_by_a_function_that_may_touch_no_other(platform: Synthesized) -> None:
    emptied = platform.only("Custom::VpcRestrictDefaultSG")
    (vpc,) = platform.resources("AWS::EC2::VPC")
    (allowed,) = (
        json.dumps(policy["PolicyDocument"]["Statement"])
        for role in platform.properties("AWS::IAM::Role", "Networking")
        for policy in role.get("Policies", [])
        if "ec2:RevokeSecurityGroupIngress" in json.dumps(policy)
    )

    assert emptied["DefaultSecurityGroupId"] == {"Fn::GetAtt": [vpc, "DefaultSecurityGroup"]}
    assert f'["{vpc}", "DefaultSecurityGroup"]' in allowed
    assert '"Resource": "*"' not in allowed


def test_p23_all_traffic_is_logged(platform: Synthesized) -> None:
    assert platform.only("AWS::EC2::FlowLog")["TrafficType"] == "ALL"
