"""CloudFront before the shop: what is cached, for how long, and with which headers."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.compliance import NO_DOMAIN, acknowledge

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, kw_only=True)
class PublicName:
    """The shop's own name and the certificate (of us-east-1) that proves it."""

    host: str
    certificate: acm.ICertificate


class CdnDistribution(Construct):
    """HTTP/2 and 3, TLS 1.2 at least, security headers, the web ACL, access logs, and four behaviours.

    `/static/*` is cached for a year, `/images/*` for a day, `/api/*` never and with everything forwarded; every
    other page is forwarded uncached. Viewers on HTTP are redirected.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        origin: cloudfront.IOrigin,
        web_acl_arn: str,
        log_bucket: s3.IBucket,
        public_name: PublicName | None,
    ) -> None:
        super().__init__(scope, id)
        self._origin = origin
        self._headers = self._security_headers()
        self.distribution = cloudfront.Distribution(
            self,
            "Default",
            comment="The shop's front door",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            web_acl_id=web_acl_arn,
            enable_logging=True,
            log_bucket=log_bucket,
            log_file_prefix="cloudfront/",
            domain_names=[public_name.host] if public_name else None,
            certificate=public_name.certificate if public_name else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if public_name else None,
            default_behavior=self._uncached(),
            additional_behaviors={
                "/static/*": self._cached("StaticCache", keep=Duration.days(365)),
                "/images/*": self._cached("ImageCache", keep=Duration.days(1)),
                "/api/*": self._uncached(),
            },
        )
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR1",
            because="The shop sells worldwide; abuse is met by the web ACL's reputation list and rate limit.",
        )
        if public_name is None:
            acknowledge(self.distribution, "AwsSolutions-CFR4", "AwsSolutions-CFR5", because=NO_DOMAIN)

    def _cached(self, id: str, *, keep: Duration) -> cloudfront.BehaviorOptions:
        policy = cloudfront.CachePolicy(
            self,
            id,
            comment=f"Shared by all viewers for up to {keep.to_days():.0f} days",
            default_ttl=keep,
            max_ttl=keep,
            min_ttl=Duration.seconds(1),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )
        return cloudfront.BehaviorOptions(
            origin=self._origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=policy,
            response_headers_policy=self._headers,
            compress=True,
        )

    def _uncached(self) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self._origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
            response_headers_policy=self._headers,
        )

    def _security_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "SecurityHeaders",
            comment="CSP, HSTS, no sniffing, no framing",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=CONTENT_SECURITY_POLICY, override=False
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=True, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override=True
                ),
            ),
        )
