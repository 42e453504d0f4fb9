"""The us-east-1 half of ingress, which CloudFront takes from that region alone."""

from __future__ import annotations

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from environments import Domain, Placement
from retail_constructs.data_key import DataKey
from retail_constructs.log_bucket import removal_policy
from retail_constructs.web_acl import WebAcl
from stacks.retail_stack import RetailStack

CLOUDFRONT_REGION = "us-east-1"


class EdgeStack(RetailStack):
    """The web ACL before the shop and, with a domain, CloudFront's certificate; both live in us-east-1."""

    def __init__(
        self, scope: Construct, id: str, *, placement: Placement, domain: Domain | None, log_days: int
    ) -> None:
        super().__init__(scope, id, placement=placement, region=CLOUDFRONT_REGION)
        # Keys are regional: the log group here cannot use the one of the primary region.
        key = DataKey(self, "LogKey", description="WAF logs", removal=removal_policy(durable=placement.durable))
        self.web_acl = WebAcl(
            self,
            "WebAcl",
            reach="CLOUDFRONT",
            log_group_name=f"aws-waf-logs-retail-{placement.name}",
            log_days=log_days,
            key=key.key,
        )
        self.certificate: acm.ICertificate | None = None
        if domain:
            zone = route53.HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
            )
            self.certificate = acm.Certificate(
                self,
                "Certificate",
                domain_name=domain.store,
                validation=acm.CertificateValidation.from_dns(zone),
            )
