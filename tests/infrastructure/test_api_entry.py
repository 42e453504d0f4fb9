"""Row P1: the shop's names, and the accelerator for programs with a load balancer of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from environment_options import INSIDE
from environments import DEV, PROD, InvalidEnvironmentError
from retail_constructs.origin_secret import ORIGIN_HEADER
from retail_constructs.tiers import PUBLIC_ADDRESSES
from tests.infrastructure.synthesis import Synthesized, Template

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def internal_balancer(platform: Synthesized) -> tuple[str, Template]:
    """The accelerator's load balancer: logical id and properties."""
    ((logical_id, resource),) = [
        (name, found)
        for name, found in platform.resources(BALANCER).items()
        if found["Properties"]["Scheme"] == "internal"
    ]
    return logical_id, resource["Properties"]


def rules_of(listener: str, platform: Synthesized) -> list[Template]:
    """The rules of a listener, in the order in which it looks at them."""
    rules = platform.properties("AWS::ElasticLoadBalancingV2::ListenerRule")
    return sorted(
        (rule for rule in rules if rule["ListenerArn"] == {"Ref": listener}), key=lambda rule: rule["Priority"]
    )


def test_p1_store_has_addresses_of_both_kinds_at_cloudfront(prod: Synthesized) -> None:
    records = {
        record["Type"]: json.dumps(record["AliasTarget"])
        for record in prod.properties("AWS::Route53::RecordSet")
        if record["Name"] == "store.retailplatform.example."
    }

    assert set(records) == {"A", "AAAA"}
    assert all("Cdn" in target for target in records.values())


def test_p1_api_is_an_alias_of_the_accelerator(prod: Synthesized) -> None:
    (accelerator,) = prod.resources("AWS::GlobalAccelerator::Accelerator")
    (record,) = [
        found for found in prod.properties("AWS::Route53::RecordSet") if found["Name"] == "api.retailplatform.example."
    ]

    assert record["AliasTarget"]["DNSName"] == {"Fn::GetAtt": [accelerator, "DnsName"]}


def test_p1_accelerator_leads_to_an_internal_load_balancer_of_its_own(prod: Synthesized) -> None:
    logical_id, balancer = internal_balancer(prod)
    (endpoint,) = prod.only("AWS::GlobalAccelerator::EndpointGroup")["EndpointConfigurations"]

    assert endpoint == {"EndpointId": {"Ref": logical_id}, "ClientIPPreservationEnabled": True}
    assert prod.only("AWS::GlobalAccelerator::Listener")["PortRanges"] == [{"FromPort": 443, "ToPort": 443}]
    assert all("Application" in json.dumps(subnet) for subnet in balancer["Subnets"])
    assert len(prod.resources(BALANCER)) == 2


def test_p1_it_forwards_the_api_of_its_host_and_answers_403_to_all_else(prod: Synthesized) -> None:
    logical_id, _ = internal_balancer(prod)
    ((listener, properties),) = [
        (name, found["Properties"])
        for name, found in prod.resources("AWS::ElasticLoadBalancingV2::Listener").items()
        if found["Properties"]["LoadBalancerArn"] == {"Ref": logical_id}
    ]
    impostors, rule = rules_of(listener, prod)

    assert (properties["Port"], properties["Protocol"]) == (443, "HTTPS")
    assert properties["DefaultActions"] == [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]
    assert impostors["Conditions"] == [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": ORIGIN_HEADER, "Values": ["*"]}}
    ], "by this header the storefront believes what CloudFront says about the viewer"
    assert impostors["Actions"] == properties["DefaultActions"]
    assert {condition["Field"] for condition in rule["Conditions"]} == {"host-header", "path-pattern"}
    assert "api.retailplatform.example" in json.dumps(rule["Conditions"])
    assert "/api/*" in json.dumps(rule["Conditions"])


def test_p1_its_listener_is_guarded_by_a_regional_web_acl_of_its_own(prod: Synthesized) -> None:
    logical_id, _ = internal_balancer(prod)
    ((acl, found),) = prod.resources("AWS::WAFv2::WebACL", "Ingress").items()
    guard = prod.only("AWS::WAFv2::WebACLAssociation")

    assert found["Properties"]["Scope"] == "REGIONAL"
    assert guard == {"ResourceArn": {"Ref": logical_id}, "WebACLArn": {"Fn::GetAtt": [acl, "Arn"]}}


def test_p1_only_the_accelerator_reaches_it(prod: Synthesized) -> None:
    """What is inside the network has an inner address; what is outside has no way to a private one but this."""
    groups = prod.resources("AWS::EC2::SecurityGroup")
    (group,) = [found["Properties"] for name, found in groups.items() if name.startswith("TiersApiLoadBalancer")]
    admitted = [IPv4Network(rule["CidrIp"]) for rule in group["SecurityGroupIngress"]]
    network = IPv4Network(prod.only("AWS::EC2::VPC")["CidrBlock"])

    assert {(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupIngress"]} == {(443, 443)}
    assert tuple(map(str, admitted)) == PUBLIC_ADDRESSES
    assert not any(network.overlaps(addresses) for addresses in admitted)
    outer = [IPv4Address(address) for address in ("198.51.100.8", "203.0.113.9", "255.255.255.254")]
    for caller in (*outer, INSIDE[0] - 1, INSIDE[-1] + 1):
        assert any(caller in addresses for addresses in admitted), f"{caller} is locked out"


def test_p1_the_storefronts_tasks_serve_both_entries(dev: Synthesized, prod: Synthesized) -> None:
    assert len(prod.only("AWS::ECS::Service")["LoadBalancers"]) == 2
    assert len(dev.only("AWS::ECS::Service")["LoadBalancers"]) == 1


def test_p1_the_switch_takes_all_of_it_away(dev: Synthesized) -> None:
    assert dev.resources("AWS::GlobalAccelerator::Accelerator") == {}
    assert dev.resources("AWS::WAFv2::WebACL", "Ingress") == {}
    assert len(dev.resources(BALANCER)) == 1
    assert not [name for name in dev.resources("AWS::EC2::SecurityGroup") if "Api" in name and "Balancer" in name]


def test_p1_an_accelerator_without_a_domain_is_refused() -> None:
    assert PROD.accelerator
    with pytest.raises(InvalidEnvironmentError, match="dev has an accelerator and no domain"):
        replace(DEV, accelerator=True)
