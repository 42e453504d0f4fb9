"""What the edge keeps, forwards, adds and normalises, for each kind of address."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

# The storefront sends the same; here they also reach what comes from the bucket, and what CloudFront answers itself.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_NORMALISE = Path(__file__).parent / "edge_functions" / "normalise_request.js"


class EdgePolicies(Construct):
    """Cache and origin-request policies of files, which forget who asks, and of answers, which forget nothing.

    Files are cached by address alone and asked for without cookies, headers or query; answers are never cached, and
    everything that the visitor sent is forwarded.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.security_headers = self._security_headers()
        self._normalise = cloudfront.Function(
            self,
            "NormaliseRequest",
            code=cloudfront.FunctionCode.from_file(file_path=str(_NORMALISE)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            comment="One address for each page, and none of the headers that lie about it",
        )

    def files(self, name: str, origin: cloudfront.IOrigin, *, keep: Duration) -> cloudfront.BehaviorOptions:
        """For what is the same for everybody: kept at the edge for `keep`, unless the origin says less."""
        cache = cloudfront.CachePolicy(
            self,
            f"{name}Cache",
            comment=f"Shared by all viewers for up to {keep.to_days():.0f} days",
            default_ttl=keep,
            max_ttl=keep,
            min_ttl=Duration.seconds(1),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )
        request = cloudfront.OriginRequestPolicy(
            self,
            f"{name}Request",
            comment="The address and nothing else",
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
            header_behavior=cloudfront.OriginRequestHeaderBehavior.none(),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
        )
        return self._behavior(origin, cache, request, methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD)

    def answers(self, name: str, origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        """For what depends on who asks: every method, everything forwarded, nothing kept."""
        nothing = Duration.seconds(0)
        cache = cloudfront.CachePolicy(
            self, f"{name}Cache", comment="Never kept", default_ttl=nothing, max_ttl=nothing, min_ttl=nothing
        )
        request = cloudfront.OriginRequestPolicy(
            self,
            f"{name}Request",
            comment="All cookies, headers and parameters, who asks, and over what",
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.all(),
            # By the second the storefront knows that a cookie is to be Secure, also where CloudFront comes over http.
            header_behavior=cloudfront.OriginRequestHeaderBehavior.all(
                "CloudFront-Viewer-Address", "CloudFront-Forwarded-Proto"
            ),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.all(),
        )
        return self._behavior(origin, cache, request, methods=cloudfront.AllowedMethods.ALLOW_ALL)

    def _behavior(
        self,
        origin: cloudfront.IOrigin,
        cache: cloudfront.ICachePolicy,
        request: cloudfront.IOriginRequestPolicy,
        *,
        methods: cloudfront.AllowedMethods,
    ) -> cloudfront.BehaviorOptions:
        """What all behaviours have in common: HTTPS, normalised requests, compression, security headers."""
        return cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=methods,
            cache_policy=cache,
            origin_request_policy=request,
            response_headers_policy=self.security_headers,
            function_associations=[
                cloudfront.FunctionAssociation(
                    function=self._normalise, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                )
            ],
        )

    def _security_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "SecurityHeaders",
            comment="CSP, HSTS, no sniffing, no framing, no referrer elsewhere",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=CONTENT_SECURITY_POLICY, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=True, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN, override=True
                ),
            ),
        )
