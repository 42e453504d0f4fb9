"""Row P22 and the whole way in: who can open a connection to whom, computed from the templates and written down."""

from __future__ import annotations

import copy
from typing import Any

from environments import ENVIRONMENTS
from ops.network import DOCUMENT, document
from ops.reachability import ACCELERATOR, CLOUDFRONT, INTERNET, LOAD_BALANCER, OUTSIDE, Network, Reach, tier
from tests.infrastructure.synthesis import Synthesized

DATA_TIERS = ("Database", "Cache")
ENTRIES = (CLOUDFRONT, ACCELERATOR)  # the accelerator where it is switched on


def reaches(platform: Synthesized) -> list[Reach]:
    """Every connection that can be opened in the environment."""
    return Network(platform.templates).reaches()


def test_document_says_what_the_templates_say(dev: Synthesized, prod: Synthesized) -> None:
    computed = document({"prod": Network(prod.templates), "dev": Network(dev.templates)})

    assert DOCUMENT.read_text() == computed, "out of date: `make network` writes it anew"


def test_internet_reaches_the_front_doors_and_nothing_else(platform: Synthesized) -> None:
    accelerated = bool(platform.resources("AWS::GlobalAccelerator::Accelerator"))
    doors = {reach.target for reach in reaches(platform) if reach.source == INTERNET}

    assert doors == (set(ENTRIES) if accelerated else {CLOUDFRONT})


def test_behind_the_front_doors_are_load_balancers_only(platform: Synthesized) -> None:
    behind = {reach.target for reach in reaches(platform) if reach.source in ENTRIES}
    members = {tier(group): members for group, members in Network(platform.templates).members.items()}

    assert "LoadBalancer" in behind
    assert {member.type for target in behind for member in members[target]} == {LOAD_BALANCER}


def test_p4_who_is_to_be_redirected_gets_no_further_than_the_load_balancer(platform: Synthesized) -> None:
    found = {(reach.source, reach.target, reach.port) for reach in reaches(platform) if "Redirects" in str(reach)}

    assert found == ({(CLOUDFRONT, "Redirects", "80")} if ENVIRONMENTS[platform.name].domain else set())


def test_data_is_reached_from_the_application_and_the_functions_only(platform: Synthesized) -> None:
    found = {(reach.source, reach.target, reach.port) for reach in reaches(platform) if reach.target in DATA_TIERS}

    assert found == {
        (source, target, port)
        for source in ("Application", "Functions")
        for target, port in (("Database", "5432"), ("Cache", "6379"))
    }


def test_data_reaches_nobody(platform: Synthesized) -> None:
    assert [reach for reach in reaches(platform) if reach.source in DATA_TIERS] == []


def test_only_https_leaves_the_network(platform: Synthesized) -> None:
    assert {reach.port for reach in reaches(platform) if reach.target == OUTSIDE} == {"443"}


def test_nothing_has_a_public_address_but_nat_and_load_balancers(platform: Synthesized) -> None:
    public = {
        member.type for members in Network(platform.templates).members.values() for member in members if member.public
    }

    assert public == {"AWS::ElasticLoadBalancingV2::LoadBalancer"}
    assert len(platform.resources("AWS::EC2::EIP")) == len(platform.resources("AWS::EC2::NatGateway"))
    assert not [instance for instance in platform.properties("AWS::RDS::DBInstance") if instance["PubliclyAccessible"]]


def changed(platform: Synthesized, stack: str, resource_type: str, **properties: Any) -> Network:
    """The network of the environment with one property set on every resource of a type in one stack."""
    templates = copy.deepcopy(platform.templates)
    for resource in templates[stack]["Resources"].values():
        if resource["Type"] == resource_type:
            resource["Properties"] |= properties
    return Network(templates)


def test_open_rule_on_the_load_balancer_is_noticed(prod: Synthesized) -> None:
    opened = {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}
    network = changed(prod, "Security", "AWS::EC2::SecurityGroup", SecurityGroupIngress=[opened])

    assert Reach(INTERNET, "LoadBalancer", "443") in network.reaches()


def test_tasks_with_public_addresses_in_public_subnets_are_noticed(prod: Synthesized) -> None:
    balancers = prod.properties("AWS::ElasticLoadBalancingV2::LoadBalancer", "Ingress")
    (balancer,) = [balancer for balancer in balancers if balancer["Scheme"] == "internet-facing"]
    (group,) = prod.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    exposed = {"AssignPublicIp": "ENABLED", "Subnets": balancer["Subnets"], "SecurityGroups": [group]}
    network = changed(prod, "Application", "AWS::ECS::Service", NetworkConfiguration={"AwsvpcConfiguration": exposed})

    (task,) = [member for member in network.members["TiersApplication7E4F7615"] if member.type == "AWS::ECS::Service"]
    assert task.public


def test_removed_egress_is_noticed(prod: Synthesized) -> None:
    network = changed(prod, "Security", "AWS::EC2::SecurityGroupEgress", FromPort=1, ToPort=1)

    assert {reach.target for reach in network.reaches()} & {"Application", *DATA_TIERS} == set()


def test_data_subnets_have_no_way_out(prod: Synthesized) -> None:
    network = Network(prod.templates)
    data = {subnet: way for subnet, way in network.routes.items() if "DataSubnet" in subnet}

    assert network.routes
    assert data == {}
