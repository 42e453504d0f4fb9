"""A load balancer that only answers CloudFront."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.compliance import NO_DOMAIN, NOT_DURABLE, acknowledge, in_packs

ORIGIN_HEADER = "X-Origin-Verify"
CONTAINER_PORT = 8080


class GuardedLoadBalancer(Construct):
    """Forwards a request to the targets only if it carries the secret of `origin_secret` in `X-Origin-Verify`.

    Everything else gets an empty 403. Listens on HTTPS with `certificate`, without one on HTTP; the security group
    admits CloudFront's addresses alone in either case. The secret is a dynamic reference, never in a template.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        origin_secret: secretsmanager.ISecret,
        log_bucket: s3.IBucket,
        certificate: acm.ICertificate | None,
        alarm_topic: sns.ITopic,
        durable: bool,
    ) -> None:
        super().__init__(scope, id)
        self.load_balancer = elb.ApplicationLoadBalancer(
            self,
            "Default",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Public"),
            internet_facing=True,
            security_group=security_group,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
            http2_enabled=True,
            deletion_protection=durable,
        )
        self._log_requests(log_bucket)
        self.target_group = elb.ApplicationTargetGroup(
            self,
            "Targets",
            vpc=vpc,
            port=CONTAINER_PORT,
            protocol=elb.ApplicationProtocol.HTTP,
            target_type=elb.TargetType.IP,
            deregistration_delay=Duration.seconds(30),
            health_check=elb.HealthCheck(
                path="/health",
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        self.listener = self.load_balancer.add_listener(
            "Listener",
            protocol=elb.ApplicationProtocol.HTTPS if certificate else elb.ApplicationProtocol.HTTP,
            certificates=[certificate] if certificate else None,
            ssl_policy=elb.SslPolicy.TLS13_RES if certificate else None,
            open=False,
            default_action=elb.ListenerAction.fixed_response(403),
        )
        elb.ApplicationListenerRule(
            self,
            "FromCloudFront",
            listener=self.listener,
            priority=1,
            conditions=[elb.ListenerCondition.http_header(ORIGIN_HEADER, [origin_secret.secret_value.unsafe_unwrap()])],
            action=elb.ListenerAction.forward([self.target_group]),
        )
        self._watch(alarm_topic)
        self._acknowledge_findings(encrypted=certificate is not None, durable=durable)

    def _log_requests(self, bucket: s3.IBucket) -> None:
        """Write access logs below `alb/`, admitted by service name: the L2 names an AWS account's id instead."""
        prefix = "alb"
        permission = bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LoadBalancerLogs",
                principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects(f"{prefix}/AWSLogs/{Aws.ACCOUNT_ID}/*")],
            )
        )
        self.load_balancer.set_attribute("access_logs.s3.enabled", "true")
        self.load_balancer.set_attribute("access_logs.s3.bucket", bucket.bucket_name)
        self.load_balancer.set_attribute("access_logs.s3.prefix", prefix)
        if permission.policy_dependable:  # the balancer tries to write when it is made
            self.load_balancer.node.add_dependency(permission.policy_dependable)

    def _watch(self, topic: sns.ITopic) -> None:
        minute = Duration.minutes(1)
        HeardAlarm(
            self,
            "ErrorAlarm",
            metric=self.target_group.metrics.http_code_target(
                elb.HttpCodeTarget.TARGET_5XX_COUNT, period=minute, statistic="sum"
            ),
            threshold=10,
            description="The storefront answers with 5xx; read its log group",
            topic=topic,
            periods=3,
        )
        HeardAlarm(
            self,
            "UnhealthyAlarm",
            metric=self.target_group.metrics.unhealthy_host_count(period=minute, statistic="max"),
            threshold=1,
            description="A task of the storefront fails its health check; read the service's events and log group",
            topic=topic,
            periods=5,
        )

    def _acknowledge_findings(self, *, encrypted: bool, durable: bool) -> None:
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
        if not durable:
            acknowledge(
                self.load_balancer,
                *in_packs("ELBDeletionProtectionEnabled", "NIST.800.53.R5", "HIPAA.Security"),
                because=NOT_DURABLE,
            )
