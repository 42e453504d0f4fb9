"""A load balancer that only answers CloudFront."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.compliance import NO_DOMAIN, acknowledge, in_packs
from retail_constructs.origin_secret import ORIGIN_HEADER, OriginSecret
from retail_constructs.storefront_balancer import StorefrontBalancer, StorefrontTargets
from retail_constructs.target_alarms import watch_targets


class GuardedLoadBalancer(Construct):
    """Forwards a request to the targets only if it carries the secret of `origin_secret` in `X-Origin-Verify`.

    Everything else gets an empty 403. Listens on HTTPS with `certificate`, and redirects there whoever comes by HTTP,
    whom the group `redirects` has to admit; without a certificate it listens on HTTP. The security groups admit
    CloudFront's addresses alone in either case. The secret is a dynamic reference, never in a template.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        redirects: ec2.ISecurityGroup | None,
        origin_secret: OriginSecret,
        log_bucket: s3.IBucket,
        certificate: acm.ICertificate | None,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self.load_balancer = StorefrontBalancer(
            self,
            "Default",
            vpc=vpc,
            subnets="Public",
            internet_facing=True,
            security_group=security_group,
            log_bucket=log_bucket,
        )
        self.target_group = StorefrontTargets(self, "Targets", vpc=vpc)
        self.listener = self.load_balancer.add_listener(
            "Listener",
            protocol=elb.ApplicationProtocol.HTTPS if certificate else elb.ApplicationProtocol.HTTP,
            certificates=[certificate] if certificate else None,
            ssl_policy=elb.SslPolicy.TLS13_RES if certificate else None,
            open=False,
            default_action=elb.ListenerAction.fixed_response(403),
        )
        self.rule = elb.ApplicationListenerRule(
            self,
            "FromCloudFront",
            listener=self.listener,
            priority=1,
            conditions=[elb.ListenerCondition.http_header(ORIGIN_HEADER, [origin_secret.reference])],
            action=elb.ListenerAction.forward([self.target_group]),
        )
        if certificate and redirects:
            self._redirect(security_group, redirects)
        watch_targets(self, self.load_balancer, self.target_group, alarm_topic)
        self._acknowledge_findings(encrypted=certificate is not None)

    def _redirect(self, *groups: ec2.ISecurityGroup) -> None:
        """Nothing but redirects on HTTP: no rule, no target. The L2 would let each of the groups in at the targets."""
        resource = cast(elb.CfnLoadBalancer, self.load_balancer.node.default_child)
        resource.security_groups = [group.security_group_id for group in groups]
        listener = self.load_balancer.add_redirect(open=False)
        acknowledge(
            listener,
            *in_packs("ELBv2ACMCertificateRequired", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="It is the listener that redirects to HTTPS, for which it has to speak HTTP; it forwards nothing.",
        )

    def _acknowledge_findings(self, *, encrypted: bool) -> None:
        acknowledge(
            self.load_balancer,
            *in_packs("ALBWAFEnabled", "NIST.800.53.R5", "PCI.DSS.321"),
            because="The web ACL stands before CloudFront; a request that did not come through it lacks the secret "
            "header and gets 403, and the security group admits CloudFront's addresses only.",
        )
        if not encrypted:
            acknowledge(
                self.listener,
                *in_packs("ELBv2ACMCertificateRequired", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
                *in_packs("ALBHttpToHttpsRedirection", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
                because=NO_DOMAIN,
            )
