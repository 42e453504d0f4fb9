"""Rows P1 to P4: the web ACL, the distribution, and a load balancer that answers CloudFront alone."""

from __future__ import annotations

import json

from tests.infrastructure.synthesis import Synthesized

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
YEAR = 365 * 24 * 3600


def test_web_acl_has_the_five_rules_and_each_blocks(platform: Synthesized) -> None:
    acl = platform.only("AWS::WAFv2::WebACL", "Edge")
    rules = sorted(acl["Rules"], key=lambda rule: rule["Priority"])
    groups = [rule["Statement"].get("ManagedRuleGroupStatement", {}).get("Name") for rule in rules]

    assert acl["Scope"] == "CLOUDFRONT"
    assert groups == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
        None,
    ]
    assert [rule.get("OverrideAction") for rule in rules[:4]] == [{"None": {}}] * 4
    (override,) = rules[0]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    assert override == {"Name": "AWSManagedIPDDoSList", "ActionToUse": {"Block": {}}}
    rate = rules[4]["Statement"]["RateBasedStatement"]
    assert (rate["Limit"], rate["EvaluationWindowSec"], rate["AggregateKeyType"]) == (2000, 300, "IP")
    assert rules[4]["Action"] == {"Block": {}}


def test_web_acl_is_logged_without_credentials(platform: Synthesized) -> None:
    logging = platform.only("AWS::WAFv2::LoggingConfiguration")
    group = platform.only("AWS::Logs::LogGroup", "Edge")

    assert group["LogGroupName"].startswith("aws-waf-logs-")
    assert [field["SingleHeader"]["Name"] for field in logging["RedactedFields"]] == ["authorization", "cookie"]


def test_distribution_is_modern_guarded_and_logged(prod: Synthesized) -> None:
    config = prod.only("AWS::CloudFront::Distribution")["DistributionConfig"]

    assert config["HttpVersion"] == "http2and3"
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["WebACLId"]["Fn::GetStackOutput"]["Region"] == "us-east-1"
    assert config["Aliases"] == ["store.retailplatform.example"]
    assert "Bucket" in config["Logging"]
    assert config["Origins"][0]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_static_is_cached_for_a_year_and_the_api_never(platform: Synthesized) -> None:
    config = platform.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    caches = platform.resources("AWS::CloudFront::CachePolicy")
    behaviours = {b["PathPattern"]: b for b in config["CacheBehaviors"]} | {"*": config["DefaultCacheBehavior"]}

    def kept(path: str) -> int:
        policy = caches[behaviours[path]["CachePolicyId"]["Ref"]]["Properties"]["CachePolicyConfig"]
        seconds: int = policy["DefaultTTL"]
        return seconds

    assert set(behaviours) == {"/static/*", "/images/*", "/api/*", "*"}
    assert kept("/static/*") == YEAR
    assert kept("/images/*") == 24 * 3600
    for path in ("/api/*", "*"):
        assert behaviours[path]["CachePolicyId"] == CACHING_DISABLED
        assert behaviours[path]["OriginRequestPolicyId"] == ALL_VIEWER
        assert "POST" in behaviours[path]["AllowedMethods"]
    assert {b["ViewerProtocolPolicy"] for b in behaviours.values()} == {"redirect-to-https"}
    assert all("ResponseHeadersPolicyId" in b for b in behaviours.values())


def test_load_balancer_refuses_whoever_lacks_the_secret_header(platform: Synthesized) -> None:
    (default,) = platform.only("AWS::ElasticLoadBalancingV2::Listener")["DefaultActions"]
    rule = platform.only("AWS::ElasticLoadBalancingV2::ListenerRule")
    (condition,) = rule["Conditions"]
    sent = platform.only("AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"][0]["OriginCustomHeaders"]

    assert default == {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}
    assert condition["Field"] == "http-header"
    assert condition["HttpHeaderConfig"]["HttpHeaderName"] == "X-Origin-Verify"
    assert sent == [{"HeaderName": "X-Origin-Verify", "HeaderValue": condition["HttpHeaderConfig"]["Values"][0]}]
    assert [action["Type"] for action in rule["Actions"]] == ["forward"]


def test_load_balancer_speaks_tls_where_there_is_a_domain(dev: Synthesized, prod: Synthesized) -> None:
    listener = prod.only("AWS::ElasticLoadBalancingV2::Listener")

    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13")
    assert dev.only("AWS::ElasticLoadBalancingV2::Listener")["Protocol"] == "HTTP"


def test_store_has_addresses_of_both_kinds(prod: Synthesized) -> None:
    records = {(r["Name"], r["Type"]) for r in prod.properties("AWS::Route53::RecordSet")}

    assert records >= {("store.retailplatform.example.", "A"), ("store.retailplatform.example.", "AAAA")}


def test_requests_are_logged(platform: Synthesized) -> None:
    balancer = platform.only("AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {entry["Key"]: entry["Value"] for entry in balancer["LoadBalancerAttributes"]}

    assert attributes["access_logs.s3.enabled"] == "true"
    assert "AccessLogs" in json.dumps(attributes["access_logs.s3.bucket"])
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
