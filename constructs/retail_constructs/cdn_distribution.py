"""CloudFront before the shop: which address comes from where, and how long it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.compliance import NO_DOMAIN, acknowledge
from retail_constructs.edge_policies import EdgePolicies

# 403 is how S3 answers for what is not there to someone who may not list; the rest is S3 in trouble.
_ASK_THE_STOREFRONT_AFTER = [403, 404, 500, 502, 503, 504]


@dataclass(frozen=True, kw_only=True)
class PublicName:
    """The shop's own name and the certificate (of us-east-1) that proves it."""

    host: str
    certificate: acm.ICertificate


class CdnDistribution(Construct):
    """HTTP/2 and 3, TLS 1.2 at least, security headers, the web ACL, access logs, and four behaviours.

    `/static/*` is kept for a year and `/images/*` for a day, both from `site`, or from the storefront what `site` does
    not hold. `/api/*` and every other page come from the storefront, uncached. Viewers on HTTP are redirected,
    those in a country of `closed_to` are refused.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        storefront: cloudfront.IOrigin,
        site: s3.IBucket,
        web_acl_arn: str,
        log_bucket: s3.IBucket,
        public_name: PublicName | None,
        closed_to: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        policies = EdgePolicies(self, "Policies")
        files = origins.OriginGroup(
            primary_origin=origins.S3BucketOrigin.with_origin_access_control(site),
            fallback_origin=storefront,
            fallback_status_codes=_ASK_THE_STOREFRONT_AFTER,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Default",
            comment="The shop's front door",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            web_acl_id=web_acl_arn,
            geo_restriction=cloudfront.GeoRestriction.denylist(*closed_to) if closed_to else None,
            enable_logging=True,
            log_bucket=log_bucket,
            log_includes_cookies=False,
            log_file_prefix="cloudfront/",
            domain_names=[public_name.host] if public_name else None,
            certificate=public_name.certificate if public_name else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if public_name else None,
            default_behavior=policies.answers("Page", storefront),
            additional_behaviors={
                "/static/*": policies.files("Static", files, keep=Duration.days(365)),
                "/images/*": policies.files("Image", files, keep=Duration.days(1)),
                "/api/*": policies.answers("Api", storefront),
            },
        )
        self._acknowledge_warnings()
        if public_name is None:
            acknowledge(self.distribution, "AwsSolutions-CFR4", "AwsSolutions-CFR5", because=NO_DOMAIN)

    def _acknowledge_warnings(self) -> None:
        """What the library would add to the key's policy stands there: the key is an earlier stack's."""
        reason = "The key's policy lets CloudFront of this account decrypt objects of the platform's buckets"
        library = "@aws-cdk/aws-cloudfront-origins"
        Annotations.of(self).acknowledge_warning(f"{library}:updateImportedKeyPolicyOac", reason)
        Annotations.of(Stack.of(self)).acknowledge_warning(f"{library}:wildcardKeyPolicyForOac", reason)
