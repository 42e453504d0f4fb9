"""The entry for programs: two fixed addresses, near to every caller."""

from __future__ import annotations

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_globalaccelerator as globalaccelerator
from aws_cdk import aws_globalaccelerator_endpoints as endpoints
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from retail_constructs.origin_secret import ORIGIN_HEADER
from retail_constructs.storefront_balancer import StorefrontBalancer, StorefrontTargets
from retail_constructs.target_alarms import watch_targets
from retail_constructs.web_acl import WebAcl

HTTPS = 443


class ApiEntry(Construct):
    """Global Accelerator before a load balancer without a public address, which forwards `/api/*` of `host` only.

    Everything else gets an empty 403, and so does whoever sends the header by which the storefront knows CloudFront:
    what comes that way has it from CloudFront alone, and so has the address of the viewer beside it. The load balancer
    has a web ACL of its own, and its security group must admit the accelerator alone. It is in private subnets, which
    nothing on the internet reaches but the accelerator.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        host: str,
        certificate: acm.ICertificate,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        key: kms.IKey,
        log_bucket: s3.IBucket,
        log_days: int,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        balancer = StorefrontBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            subnets="Application",
            internet_facing=False,
            security_group=security_group,
            log_bucket=log_bucket,
        )
        self.target_group = StorefrontTargets(self, "Targets", vpc=vpc)
        listener = balancer.add_listener(
            "Listener",
            protocol=elb.ApplicationProtocol.HTTPS,
            certificates=[certificate],
            ssl_policy=elb.SslPolicy.TLS13_RES,
            open=False,
            default_action=elb.ListenerAction.fixed_response(403),
        )
        elb.ApplicationListenerRule(
            self,
            "NotFromCloudFront",
            listener=listener,
            priority=1,
            conditions=[elb.ListenerCondition.http_header(ORIGIN_HEADER, ["*"])],
            action=elb.ListenerAction.fixed_response(403),
        )
        elb.ApplicationListenerRule(
            self,
            "Api",
            listener=listener,
            priority=2,
            conditions=[elb.ListenerCondition.host_headers([host]), elb.ListenerCondition.path_patterns(["/api/*"])],
            action=elb.ListenerAction.forward([self.target_group]),
        )
        watch_targets(self, balancer, self.target_group, alarm_topic)
        self._guard(balancer, name=name, key=key, log_days=log_days)
        self.accelerator = globalaccelerator.Accelerator(self, "Default", accelerator_name=name)
        entry = self.accelerator.add_listener(
            "Https",
            port_ranges=[globalaccelerator.PortRange(from_port=HTTPS)],
            protocol=globalaccelerator.ConnectionProtocol.TCP,
        )
        entry.add_endpoint_group(
            "Region", endpoints=[endpoints.ApplicationLoadBalancerEndpoint(balancer, preserve_client_ip=True)]
        )

    def _guard(self, balancer: elb.ApplicationLoadBalancer, *, name: str, key: kms.IKey, log_days: int) -> None:
        acl = WebAcl(
            self, "WebAcl", reach="REGIONAL", log_group_name=f"aws-waf-logs-{name}", log_days=log_days, key=key
        )
        wafv2.CfnWebACLAssociation(self, "Guard", resource_arn=balancer.load_balancer_arn, web_acl_arn=acl.arn)
