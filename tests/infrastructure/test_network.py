"""Rows P22 and G2: three tiers over three zones, and who may talk to whom."""

from __future__ import annotations

from ipaddress import IPv4Network

from tests.infrastructure.synthesis import Synthesized

NAMES = {"pl-b6a144df": "CloudFront"}  # the origin-facing prefix list of us-east-2

# group → {(from, port)}: everything that is let in anywhere
REACHABLE: dict[str, set[tuple[str, int]]] = {
    "LoadBalancer": {("CloudFront", 443)},
    "Application": {("LoadBalancer", 8080)},
    "Functions": set(),
    "Database": {("Application", 5432), ("Functions", 5432)},
    "Cache": {("Application", 6379), ("Functions", 6379)},
}


def tier(reference: object) -> str:
    """The tier whose group a `Fn::GetAtt` names."""
    assert isinstance(reference, dict)
    logical_id: str = reference["Fn::GetAtt"][0]
    return next(name for name in REACHABLE if logical_id.startswith(f"Tiers{name}"))


def test_vpc_has_three_tiers_over_three_zones(platform: Synthesized) -> None:
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


def test_prod_has_two_nat_gateways_and_dev_one(dev: Synthesized, prod: Synthesized) -> None:
    assert len(prod.resources("AWS::EC2::NatGateway")) == 2
    assert len(dev.resources("AWS::EC2::NatGateway")) == 1


def test_data_subnets_have_no_way_out(platform: Synthesized) -> None:
    routes = platform.properties("AWS::EC2::Route")

    assert routes
    assert not [route for route in routes if "Data" in route["RouteTableId"]["Ref"]]


def test_s3_and_dynamodb_are_reached_without_nat(platform: Synthesized) -> None:
    endpoints = platform.properties("AWS::EC2::VPCEndpoint")

    assert {str(endpoint["ServiceName"]).rsplit(".", 1)[-1].strip("']}") for endpoint in endpoints} == {
        "s3",
        "dynamodb",
    }
    assert {endpoint["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}


def admitted(platform: Synthesized) -> dict[str, set[tuple[str, int]]]:
    """Every ingress rule, inline or of its own, as tier → {(who, port)}; raises on a rule for an address range."""
    rules = [(rule["GroupId"], rule) for rule in platform.properties("AWS::EC2::SecurityGroupIngress")]
    for logical_id, group in platform.resources("AWS::EC2::SecurityGroup").items():
        inline = group["Properties"].get("SecurityGroupIngress", [])
        rules += [({"Fn::GetAtt": [logical_id]}, rule) for rule in inline]
    found: dict[str, set[tuple[str, int]]] = {name: set() for name in REACHABLE}
    for group, rule in rules:
        assert rule["FromPort"] == rule["ToPort"]
        assert not {"CidrIp", "CidrIpv6"} & set(rule), rule
        who = NAMES.get(rule.get("SourcePrefixListId", "")) or tier(rule["SourceSecurityGroupId"])
        found[tier(group)].add((who, rule["FromPort"]))
    return found


def test_each_tier_admits_exactly_the_one_before_it(prod: Synthesized) -> None:
    assert admitted(prod) == REACHABLE


def test_without_a_domain_cloudfront_still_is_the_only_way_in(dev: Synthesized) -> None:
    assert admitted(dev) == REACHABLE | {"LoadBalancer": {("CloudFront", 80)}}


def test_nothing_goes_out_to_addresses_but_https(platform: Synthesized) -> None:
    for group in platform.properties("AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupEgress", []):
            nowhere = rule["CidrIp"] == "255.255.255.255/32"
            assert nowhere or (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (443, 443, "tcp")
    for rule in platform.properties("AWS::EC2::SecurityGroupEgress"):
        assert tier(rule["DestinationSecurityGroupId"]), "beyond that, only to another tier"


def test_all_traffic_is_logged(platform: Synthesized) -> None:
    assert platform.only("AWS::EC2::FlowLog")["TrafficType"] == "ALL"
