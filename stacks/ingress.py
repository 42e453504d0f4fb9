"""The way in: CloudFront, the secret it shares with the load balancer, and the load balancer."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from environments import Domain, Placement
from retail_constructs.cdn_distribution import CdnDistribution, PublicName
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.guarded_load_balancer import ORIGIN_HEADER, GuardedLoadBalancer
from retail_constructs.log_bucket import LogBucket, removal_policy
from stacks.edge import EdgeStack
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack


class IngressStack(RetailStack):
    """CloudFront in front of a load balancer that answers nobody else, and with a domain the shop's names."""

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
        log_days: int,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        zone = self._zone(domain) if domain else None
        origin_secret = secretsmanager.Secret(
            self,
            "OriginSecret",
            description=f"What CloudFront sends as {ORIGIN_HEADER}",
            encryption_key=self.import_key(security.key),
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
            removal_policy=removal_policy(durable=placement.durable),
        )
        acknowledge(
            origin_secret,
            "AwsSolutions-SMG4",
            *in_packs("SecretsManagerRotationEnabled", "NIST.800.53.R5", "HIPAA.Security"),
            because="Rotating it alone would cut CloudFront off; the load balancer's group admits CloudFront's "
            "addresses only, so that the secret is the second of two guards.",
        )
        logs = LogBucket(self, "AccessLogs", days=log_days, durable=placement.durable, edge_logs=True)
        self.load_balancer = GuardedLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            security_group=security.tiers.load_balancer,
            origin_secret=origin_secret,
            log_bucket=logs.bucket,
            certificate=self._origin_certificate(domain, zone) if domain and zone else None,
            alarm_topic=security.alarm_topic,
            durable=placement.durable,
        )
        self.cdn = CdnDistribution(
            self,
            "Cdn",
            origin=self._origin(domain, origin_secret),
            web_acl_arn=edge.web_acl.arn,
            log_bucket=logs.bucket,
            public_name=(
                PublicName(host=domain.store, certificate=edge.certificate) if domain and edge.certificate else None
            ),
        )
        if domain and zone:
            self._publish_names(domain, zone)
        CfnOutput(self, "StoreUrl", value=f"https://{domain.store if domain else self.cdn.distribution.domain_name}")

    def _zone(self, domain: Domain) -> route53.IHostedZone:
        return route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
        )

    def _origin_certificate(self, domain: Domain, zone: route53.IHostedZone) -> acm.ICertificate:
        return acm.Certificate(
            self,
            "OriginCertificate",
            domain_name=domain.origin,
            validation=acm.CertificateValidation.from_dns(zone),
        )

    def _origin(self, domain: Domain | None, secret: secretsmanager.ISecret) -> cloudfront.IOrigin:
        """The load balancer: over TLS under the name in its certificate, or without a domain over HTTP."""
        header = {ORIGIN_HEADER: secret.secret_value.unsafe_unwrap()}  # renders as a dynamic reference
        if domain is None:
            return origins.LoadBalancerV2Origin(
                self.load_balancer.load_balancer,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
                custom_headers=header,
            )
        return origins.HttpOrigin(
            domain.origin,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers=header,
        )

    def _publish_names(self, domain: Domain, zone: route53.IHostedZone) -> None:
        store = route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.cdn.distribution))
        route53.ARecord(self, "StoreV4", zone=zone, record_name=domain.store, target=store)
        route53.AaaaRecord(self, "StoreV6", zone=zone, record_name=domain.store, target=store)
        origin = route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.load_balancer.load_balancer))
        route53.ARecord(self, "Origin", zone=zone, record_name=domain.origin, target=origin)
