"""Finds the parts of the way in: the distribution, its behaviours and policies, and the listener behind it."""

from __future__ import annotations

from typing import Any

from tests.infrastructure.synthesis import Synthesized, Template


def distribution(platform: Synthesized) -> Template:
    """What the one distribution is configured as."""
    config: Template = platform.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    return config


def behaviours(platform: Synthesized) -> dict[str, dict[str, Any]]:
    """Every behaviour by its path, the default's being `*`."""
    config = distribution(platform)
    return {found["PathPattern"]: found for found in config["CacheBehaviors"]} | {"*": config["DefaultCacheBehavior"]}


def policy(platform: Synthesized, kind: str, reference: Template) -> Template:
    """The policy of that kind (`Cache`, `OriginRequest`, …) that a behaviour refers to."""
    found = platform.resources(f"AWS::CloudFront::{kind}Policy")[reference["Ref"]]
    config: Template = found["Properties"][f"{kind}PolicyConfig"]
    return config


def balancer_of_cloudfront(platform: Synthesized) -> str:
    """The logical id of the load balancer on the internet."""
    (name,) = [
        name
        for name, found in platform.resources("AWS::ElasticLoadBalancingV2::LoadBalancer").items()
        if found["Properties"]["Scheme"] == "internet-facing"
    ]
    return name


def listener_of_cloudfront(platform: Synthesized) -> tuple[Template, Template]:
    """The listener that forwards to the storefront, and its one rule."""
    balancer = balancer_of_cloudfront(platform)
    ((name, listener),) = [
        (name, found["Properties"])
        for name, found in platform.resources("AWS::ElasticLoadBalancingV2::Listener").items()
        if found["Properties"]["LoadBalancerArn"] == {"Ref": balancer}
        and found["Properties"]["DefaultActions"][0]["Type"] != "redirect"
    ]
    rules = platform.properties("AWS::ElasticLoadBalancingV2::ListenerRule")
    (rule,) = [found for found in rules if found["ListenerArn"] == {"Ref": name}]
    return listener, rule
