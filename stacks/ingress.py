"""The way in: CloudFront, the secret it shares with the load balancer, the site's bucket, and the load balancer."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Domain, Placement, ShopOptions
from retail_constructs.api_entry import ApiEntry
from retail_constructs.cdn_distribution import CdnDistribution, PublicName
from retail_constructs.function import FunctionProps, NetworkAccess
from retail_constructs.guarded_load_balancer import GuardedLoadBalancer
from retail_constructs.layer_build import ROOT
from retail_constructs.origin_secret import ORIGIN_HEADER, OriginSecret
from retail_constructs.site_bucket import SiteBucket
from stacks.edge import EdgeStack
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack

STATIC_FILES = ROOT / "services" / "storefront" / "static"


class IngressStack(RetailStack):
    """CloudFront before a bucket and a load balancer that answer nobody else; with a domain the names of the shop."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        vpc: ec2.IVpc,
        security: SecurityStack,
        edge: EdgeStack,
        domain: Domain | None,
        shop: ShopOptions,
        log_days: int,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        key = self.import_key(security.key)
        zone = self._zone(domain) if domain else None
        access_logs = s3.Bucket.from_bucket_name(self, "AccessLogs", security.access_logs.bucket_name)

        def function(package: str, description: str) -> FunctionProps:
            return FunctionProps(
                package=package,
                description=description,
                environment_name=placement.name,
                key=key,
                alarm_topic=security.alarm_topic,
                log_days=log_days,
                concurrency=1,
                network=NetworkAccess(vpc=vpc, security_group=security.tiers.api_callers),
                base_policy=security.function_policy,
            )

        origin_secret = OriginSecret(self, "OriginSecret", key=key, durable=placement.durable)
        self.load_balancer = GuardedLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            security_group=security.tiers.load_balancer,
            redirects=security.tiers.redirects,
            origin_secret=origin_secret,
            log_bucket=access_logs,
            certificate=self._certificate("OriginCertificate", domain.origin, zone) if domain and zone else None,
            alarm_topic=security.alarm_topic,
        )
        self.site = SiteBucket(
            self,
            "Site",
            static_files=STATIC_FILES,
            sample_catalog=shop.sample_catalog,
            key=key,
            publisher=function("site_publisher", "Copies static files and pictures into the site's bucket"),
            access_logs=access_logs,
            durable=placement.durable,
        )
        self.cdn = CdnDistribution(
            self,
            "Cdn",
            storefront=self._storefront(domain, origin_secret),
            site=self.site.bucket,
            web_acl_arn=edge.web_acl.arn,
            log_bucket=access_logs,
            public_name=(
                PublicName(host=domain.store, certificate=edge.certificate) if domain and edge.certificate else None
            ),
            closed_to=shop.closed_to,
        )
        origin_secret.rotate(
            rule=self.load_balancer.rule,
            distribution=self.cdn.distribution,
            web_acl_arn=edge.web_acl.arn,
            log_bucket=access_logs,
            function=function("origin_secret_rotation", "Changes what CloudFront proves itself with"),
        )
        self.target_groups = [self.load_balancer.target_group]
        if domain and zone:
            self._publish_names(domain, zone)
            if security.tiers.api_load_balancer:
                entry = ApiEntry(
                    self,
                    "Api",
                    name=f"retail-{placement.name}-api",
                    host=domain.api,
                    certificate=self._certificate("ApiCertificate", domain.api, zone),
                    vpc=vpc,
                    security_group=security.tiers.api_load_balancer,
                    key=key,
                    log_bucket=access_logs,
                    log_days=log_days,
                    alarm_topic=security.alarm_topic,
                )
                self.target_groups.append(entry.target_group)
                accelerator = route53.RecordTarget.from_alias(targets.GlobalAcceleratorTarget(entry.accelerator))
                route53.ARecord(self, "ApiName", zone=zone, record_name=domain.api, target=accelerator)
        self.store_address = f"https://{domain.store if domain else self.cdn.distribution.domain_name}"
        CfnOutput(self, "StoreUrl", value=self.store_address)

    def _zone(self, domain: Domain) -> route53.IHostedZone:
        return route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
        )

    def _certificate(self, id: str, name: str, zone: route53.IHostedZone) -> acm.ICertificate:
        return acm.Certificate(self, id, domain_name=name, validation=acm.CertificateValidation.from_dns(zone))

    def _storefront(self, domain: Domain | None, secret: OriginSecret) -> cloudfront.IOrigin:
        """The load balancer: over TLS under the name in its certificate, or without a domain over HTTP."""
        header = {ORIGIN_HEADER: secret.reference}
        if domain is None:
            return origins.LoadBalancerV2Origin(
                self.load_balancer.load_balancer,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
                http_port=80,
                https_port=443,
                custom_headers=header,
            )
        return origins.HttpOrigin(
            domain.origin,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            http_port=80,
            https_port=443,
            custom_headers=header,
        )

    def _publish_names(self, domain: Domain, zone: route53.IHostedZone) -> None:
        store = route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.cdn.distribution))
        route53.ARecord(self, "StoreV4", zone=zone, record_name=domain.store, target=store)
        route53.AaaaRecord(self, "StoreV6", zone=zone, record_name=domain.store, target=store)
        origin = route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.load_balancer.load_balancer))
        route53.ARecord(self, "Origin", zone=zone, record_name=domain.origin, target=origin)
