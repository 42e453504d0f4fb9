"""Row P3: what CloudFront keeps, forwards and adds, and the bucket behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from retail_constructs.edge_policies import CONTENT_SECURITY_POLICY
from storefront.middleware import SECURITY_HEADERS
from tests.infrastructure.front_door import behaviours, distribution, policy
from tests.infrastructure.synthesis import Synthesized

DAY = 24 * 3600
YEAR = 365 * DAY
FILES, ANSWERS = ("/static/*", "/images/*"), ("/api/*", "*")


def test_p3_distribution_is_modern_guarded_and_logged(prod: Synthesized) -> None:
    config = distribution(prod)

    assert config["HttpVersion"] == "http2and3"
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["WebACLId"]["Fn::GetStackOutput"]["Region"] == "us-east-1"
    assert config["Aliases"] == ["store.retailplatform.example"]
    assert "AccessLogs" in json.dumps(config["Logging"]["Bucket"])


def test_p3_countries_under_embargo_are_refused(platform: Synthesized) -> None:
    restriction = distribution(platform)["Restrictions"]["GeoRestriction"]

    assert restriction == {"RestrictionType": "blacklist", "Locations": ["CU", "IR", "KP"]}


def test_p3_each_of_four_behaviours_has_policies_of_its_own(platform: Synthesized) -> None:
    found = behaviours(platform)

    assert set(found) == {*FILES, *ANSWERS}
    for kind in ("CachePolicyId", "OriginRequestPolicyId"):
        assert len({json.dumps(behaviour[kind]) for behaviour in found.values()}) == 4
    assert {behaviour["ViewerProtocolPolicy"] for behaviour in found.values()} == {"redirect-to-https"}
    assert len({json.dumps(behaviour["ResponseHeadersPolicyId"]) for behaviour in found.values()}) == 1


@pytest.mark.parametrize(("path", "seconds"), [("/static/*", YEAR), ("/images/*", DAY), ("/api/*", 0), ("*", 0)])
def test_p3_files_are_kept_and_answers_are_not(path: str, seconds: int, platform: Synthesized) -> None:
    cache = policy(platform, "Cache", behaviours(platform)[path]["CachePolicyId"])

    assert (cache["DefaultTTL"], cache["MaxTTL"]) == (seconds, seconds)


@pytest.mark.parametrize(("paths", "what"), [(FILES, "none"), (ANSWERS, "all")])
def test_p3_the_api_gets_everything_and_files_nothing_of_the_visitor(
    paths: tuple[str, str], what: str, platform: Synthesized
) -> None:
    for path in paths:
        behaviour = behaviours(platform)[path]
        request = policy(platform, "OriginRequest", behaviour["OriginRequestPolicyId"])
        assert request["CookiesConfig"]["CookieBehavior"] == what
        assert request["QueryStringsConfig"]["QueryStringBehavior"] == what
        headers: dict[str, Any] = {"HeaderBehavior": "none"}
        if what == "all":  # which no visitor can write: requests are counted by the one, cookies secured by the other
            added = ["CloudFront-Viewer-Address", "CloudFront-Forwarded-Proto"]
            headers = {"HeaderBehavior": "allViewerAndWhitelistCloudFront", "Headers": added}
        assert request["HeadersConfig"] == headers
        assert ("POST" in behaviour.get("AllowedMethods", [])) is (what == "all")


def test_p3_files_come_from_the_bucket_and_what_it_lacks_from_the_storefront(platform: Synthesized) -> None:
    config = distribution(platform)
    (group,) = config["OriginGroups"]["Items"]
    bucket, storefront = (member["OriginId"] for member in group["Members"]["Items"])
    origins = {origin["Id"]: origin for origin in config["Origins"]}

    assert {behaviours(platform)[path]["TargetOriginId"] for path in FILES} == {group["Id"]}
    assert {behaviours(platform)[path]["TargetOriginId"] for path in ANSWERS} == {storefront}
    assert {403, 404} <= set(group["FailoverCriteria"]["StatusCodes"]["Items"])
    assert "Site" in json.dumps(origins[bucket]["DomainName"])
    assert "CustomOriginConfig" in origins[storefront]


def test_p3_the_bucket_is_read_by_this_distribution_alone(platform: Synthesized) -> None:
    (name,) = platform.resources("AWS::CloudFront::Distribution")
    (origin,) = [origin for origin in distribution(platform)["Origins"] if "S3OriginConfig" in origin]
    control = platform.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    ((site, bucket),) = platform.resources("AWS::S3::Bucket", "Ingress").items()
    statements = platform.only("AWS::S3::BucketPolicy", "Ingress")["PolicyDocument"]["Statement"]
    readers = [s for s in statements if s["Effect"] == "Allow" and "s3:GetObject" in s["Action"]]

    assert "OriginAccessControlId" in origin
    assert (control["SigningBehavior"], control["SigningProtocol"]) == ("always", "sigv4")
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert [reader["Principal"] for reader in readers] == [{"Service": "cloudfront.amazonaws.com"}]
    assert {"Ref": name} in readers[0]["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Join"][1]
    assert site in json.dumps(readers[0]["Resource"])


def test_p3_cloudfront_may_decrypt_what_is_in_the_bucket(platform: Synthesized) -> None:
    key = platform.only("AWS::KMS::Key", "Security")
    (bucket,) = platform.properties("AWS::S3::Bucket", "Ingress")
    (statement,) = [s for s in key["KeyPolicy"]["Statement"] if s.get("Sid") == "SiteFiles"]

    assert "DataKey" in json.dumps(bucket["BucketEncryption"])
    assert (statement["Principal"], statement["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "kms:Decrypt")
    assert "AWS::AccountId" in json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])


def test_p3_headers_are_those_of_the_storefront_and_stricter_transport(platform: Synthesized) -> None:
    headers = platform.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = headers["SecurityHeadersConfig"]

    assert SECURITY_HEADERS["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert security["ContentSecurityPolicy"]["ContentSecurityPolicy"] == CONTENT_SECURITY_POLICY
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == SECURITY_HEADERS["Referrer-Policy"]
    assert security["ContentTypeOptions"] == {"Override": True}
    assert security["FrameOptions"]["FrameOption"] == "DENY"
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= YEAR
    assert {header["Override"] for header in security.values()} == {True}, "an origin could weaken it"


def test_p3_every_request_is_normalised_before_the_cache(platform: Synthesized) -> None:
    function = platform.only("AWS::CloudFront::Function")
    associations = [found["FunctionAssociations"] for found in behaviours(platform).values()]

    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert function["AutoPublish"] is True
    assert {one["EventType"] for (one,) in associations} == {"viewer-request"}


def test_p3_files_are_published_again_when_they_change(platform: Synthesized) -> None:
    files = platform.only("Custom::SiteFiles")

    assert files["SourceKey"].endswith(".zip")
    assert {"SourceBucket", "SourceKey", "Drawing"} <= set(files)
