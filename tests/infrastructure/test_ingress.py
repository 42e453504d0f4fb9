"""Rows P3 and P4: the secret that CloudFront proves itself with, and a load balancer that answers nobody else."""

from __future__ import annotations

import json

from environments import ENVIRONMENTS
from tests.infrastructure.front_door import balancer_of_cloudfront, distribution, listener_of_cloudfront
from tests.infrastructure.synthesis import Synthesized


def test_p3_origin_secret_is_a_dynamic_reference_and_rotated_every_month(platform: Synthesized) -> None:
    _, rule = listener_of_cloudfront(platform)
    (secret,) = platform.resources("AWS::SecretsManager::Secret", "Ingress")
    schedule = platform.only("AWS::SecretsManager::RotationSchedule", "Ingress")
    (value,) = rule["Conditions"][0]["HttpHeaderConfig"]["Values"]

    assert value["Fn::Join"][1][0] == "{{resolve:secretsmanager:"
    assert schedule["SecretId"] == {"Ref": secret}
    assert schedule["RotationRules"]["ScheduleExpression"] == "rate(30 days)"


def test_p3_rotation_may_change_the_two_sides_and_nothing_else(platform: Synthesized) -> None:
    granted = {
        action: json.dumps(statement["Resource"])
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for name, found in platform.resources(kind, "Ingress").items()
        if name.startswith("OriginSecretRotation")
        for statement in found["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }

    assert "FromCloudFront" in granted["elasticloadbalancing:ModifyRule"]
    assert "OriginSecret" in granted["secretsmanager:PutSecretValue"]
    assert "distribution/" in granted["cloudfront:UpdateDistribution"]
    assert '"*"' not in granted.values()


def test_p4_load_balancer_refuses_whoever_lacks_the_secret_header(platform: Synthesized) -> None:
    listener, rule = listener_of_cloudfront(platform)
    (condition,) = rule["Conditions"]
    (sender,) = [origin for origin in distribution(platform)["Origins"] if "OriginCustomHeaders" in origin]

    assert listener["DefaultActions"] == [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]
    assert condition["Field"] == "http-header"
    assert sender["OriginCustomHeaders"] == [
        {"HeaderName": "X-Origin-Verify", "HeaderValue": condition["HttpHeaderConfig"]["Values"][0]}
    ]
    assert condition["HttpHeaderConfig"]["HttpHeaderName"] == "X-Origin-Verify"
    assert [action["Type"] for action in rule["Actions"]] == ["forward"]


def test_p4_it_speaks_tls_where_there_is_a_domain_and_guards_http_alike(dev: Synthesized, prod: Synthesized) -> None:
    listener, _ = listener_of_cloudfront(prod)
    without_domain, _ = listener_of_cloudfront(dev)
    (origin,) = [origin for origin in distribution(prod)["Origins"] if "CustomOriginConfig" in origin]

    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13")
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert (without_domain["Port"], without_domain["Protocol"]) == (80, "HTTP")


def test_p4_whoever_comes_by_http_is_redirected_to_https_and_nothing_else(platform: Synthesized) -> None:
    plain = {
        name: found["Properties"]
        for name, found in platform.resources("AWS::ElasticLoadBalancingV2::Listener").items()
        if found["Properties"]["Protocol"] == "HTTP"
    }
    rules = platform.properties("AWS::ElasticLoadBalancingV2::ListenerRule")
    balancer = platform.resources("AWS::ElasticLoadBalancingV2::LoadBalancer")[balancer_of_cloudfront(platform)]
    if ENVIRONMENTS[platform.name].domain is None:
        assert plain.keys() == {rule["ListenerArn"]["Ref"] for rule in rules}, "there is nowhere to redirect to"
        return

    ((name, listener),) = plain.items()
    assert (listener["Port"], listener["LoadBalancerArn"]) == (80, {"Ref": balancer_of_cloudfront(platform)})
    assert listener["DefaultActions"] == [
        {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    ]
    assert not [rule for rule in rules if rule["ListenerArn"] == {"Ref": name}]
    groups = balancer["Properties"]["SecurityGroups"]
    assert [part for group in groups for part in ("TiersLoadBalancer", "TiersRedirects") if part in str(group)] == [
        "TiersLoadBalancer",
        "TiersRedirects",
    ]


def test_p4_no_group_has_more_rules_than_it_may(platform: Synthesized) -> None:
    """CloudFront's prefix list counts as 55, and 60 is the quota of an account that asked for no more."""
    rules: dict[str, int] = {}
    for name, group in platform.resources("AWS::EC2::SecurityGroup").items():
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            rules[name] = rules.get(name, 0) + (55 if "SourcePrefixListId" in rule else 1)
    for rule in platform.properties("AWS::EC2::SecurityGroupIngress"):
        name = rule["GroupId"]["Fn::GetAtt"][0]
        rules[name] = rules.get(name, 0) + (55 if "SourcePrefixListId" in rule else 1)

    assert max(rules.values()) in range(55, 61), rules


def test_p4_requests_are_logged_and_ambiguous_ones_refused(platform: Synthesized) -> None:
    for balancer in platform.properties("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        attributes = {entry["Key"]: entry["Value"] for entry in balancer["LoadBalancerAttributes"]}
        assert attributes["access_logs.s3.enabled"] == "true"
        assert "AccessLogs" in json.dumps(attributes["access_logs.s3.bucket"])
        assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
        assert attributes["routing.http.desync_mitigation_mode"] == "strictest"
        assert attributes["routing.http2.enabled"] == "true"


def test_p4_the_log_bucket_admits_services_of_this_account_by_name(platform: Synthesized) -> None:
    statements = [
        statement
        for found in platform.properties("AWS::S3::BucketPolicy", "Security")
        for statement in found["PolicyDocument"]["Statement"]
        if statement.get("Sid") in ("LoadBalancerLogs", "BucketLogs")
    ]

    assert {statement["Principal"]["Service"] for statement in statements} == {
        "logdelivery.elasticloadbalancing.amazonaws.com",
        "logging.s3.amazonaws.com",
    }
    for statement in statements:
        assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
