"""Row P2: five rules, all blocking, before CloudFront and before the accelerator's load balancer."""

from __future__ import annotations

import json
from typing import Any

from retail_constructs.web_acl import UPLOAD_ROUTES
from tests.infrastructure.synthesis import Synthesized, Template

GROUPS = [
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
]
MARK = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
# What AWS states for each group, and for a rate-based rule.
CAPACITY = 25 + 700 + 200 + 200 + 2
INCLUDED_IN_THE_PRICE = 1500


def rules(acl: Template) -> list[dict[str, Any]]:
    """The rules in the order in which they are asked."""
    return sorted(acl["Rules"], key=lambda rule: rule["Priority"])


def group(rule: dict[str, Any]) -> str | None:
    """The managed group that a rule stands for."""
    name: str | None = rule["Statement"].get("ManagedRuleGroupStatement", {}).get("Name")
    return name


def test_p2_the_five_rules_come_in_the_order_of_the_row_and_block(platform: Synthesized) -> None:
    for acl in platform.properties("AWS::WAFv2::WebACL"):
        ordered = rules(acl)
        assert [group(rule) for rule in ordered if group(rule)] == GROUPS
        rate = ordered[-1]["Statement"]["RateBasedStatement"]
        assert (rate["Limit"], rate["EvaluationWindowSec"], rate["AggregateKeyType"]) == (2000, 300, "IP")
        for rule in ordered:
            assert rule.get("OverrideAction", {"None": {}}) == {"None": {}}, f"{rule['Name']} counts"
            assert rule.get("Action", {"Block": {}}) == {"Block": {}}, f"{rule['Name']} does not block"


def test_p2_the_list_of_attacking_addresses_blocks_too(platform: Synthesized) -> None:
    for acl in platform.properties("AWS::WAFv2::WebACL"):
        (override,) = rules(acl)[0]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
        assert override == {"Name": "AWSManagedIPDDoSList", "ActionToUse": {"Block": {}}}


def passes(acl: Template, *, path: str, kilobytes: int) -> bool:
    """Whether a request with a body of that size passes size rules, as WAF would judge it; other rules see nothing."""
    labels: set[str] = set()
    for rule in rules(acl):
        if group(rule) == "AWSManagedRulesCommonRuleSet" and kilobytes > 8:
            overrides = rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])
            if {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}} not in overrides:
                return False
            labels.add(MARK)
        if "Action" in rule and matches(rule["Statement"], path, labels):
            return False
    return True


def matches(statement: dict[str, Any], path: str, labels: set[str]) -> bool:
    """Whether a statement is true of a request, for the kinds of statement that ours are made of."""
    ((kind, content),) = statement.items()
    if kind == "RateBasedStatement":
        return False
    if kind == "LabelMatchStatement":
        return content["Key"] in labels
    if kind == "ByteMatchStatement":
        assert (content["FieldToMatch"], content["PositionalConstraint"]) == ({"UriPath": {}}, "STARTS_WITH")
        return path.startswith(content["SearchString"])
    if kind == "NotStatement":
        return not matches(content["Statement"], path, labels)
    parts = [matches(part, path, labels) for part in content["Statements"]]
    return any(parts) if kind == "OrStatement" else all(parts)


def test_p2_a_large_body_passes_on_upload_routes_and_nowhere_else(platform: Synthesized) -> None:
    for acl in platform.properties("AWS::WAFv2::WebACL"):
        for route in UPLOAD_ROUTES:
            assert passes(acl, path=f"{route}products", kilobytes=500)
        for path in ("/checkout", "/api/orders", "/", "/api/cart/admin/"):
            assert not passes(acl, path=path, kilobytes=9)
            assert passes(acl, path=path, kilobytes=8)


def test_p2_an_upload_route_cannot_be_pretended_by_a_detour(platform: Synthesized) -> None:
    for acl in platform.properties("AWS::WAFv2::WebACL"):
        text = json.dumps(acl)
        assert text.count('"ByteMatchStatement"') == text.count('"NORMALIZE_PATH"') == len(UPLOAD_ROUTES)


def test_p2_large_bodies_are_seen_in_a_metric_and_their_beginning_is_inspected(platform: Synthesized) -> None:
    acl = platform.only("AWS::WAFv2::WebACL", "Edge")
    (oversized,) = [rule for rule in rules(acl) if rule["Name"] == "OversizedBodies"]

    assert oversized["VisibilityConfig"]["CloudWatchMetricsEnabled"] is True
    assert acl["AssociationConfig"] == {"RequestBody": {"CLOUDFRONT": {"DefaultSizeInspectionLimit": "KB_64"}}}


def test_p2_the_rules_fit_into_the_basic_price() -> None:
    label, route_match, normalisation = 1, 2, 10

    assert CAPACITY + label + len(UPLOAD_ROUTES) * (route_match + normalisation) <= INCLUDED_IN_THE_PRICE


def test_p2_the_shops_acl_stands_in_us_east_1_with_its_log(platform: Synthesized) -> None:
    assert platform.only("AWS::WAFv2::WebACL", "Edge")["Scope"] == "CLOUDFRONT"
    (log,) = platform.properties("AWS::Logs::LogGroup", "Edge")
    assert log["LogGroupName"].startswith("aws-waf-logs-")


def test_p2_every_acl_is_logged_without_credentials(platform: Synthesized) -> None:
    configurations = platform.properties("AWS::WAFv2::LoggingConfiguration")

    assert len(configurations) == len(platform.properties("AWS::WAFv2::WebACL"))
    for logging in configurations:
        assert [field["SingleHeader"]["Name"] for field in logging["RedactedFields"]] == ["authorization", "cookie"]
        (destination,) = logging["LogDestinationConfigs"]
        assert ":*" in destination["Fn::Select"][1]["Fn::Split"], "WAF takes the group's address without the asterisk"
