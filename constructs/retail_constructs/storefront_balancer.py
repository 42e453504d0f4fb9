"""What every load balancer before the storefront has in common, whoever may call it."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.log_bucket import LOAD_BALANCER_LOGS

CONTAINER_PORT = 8080


class StorefrontBalancer(elb.ApplicationLoadBalancer):
    """HTTP/2, no malformed header or ambiguous request passed on, and every request logged into `log_bucket`.

    Nobody deletes it by mistake: `ops.teardown` lifts the protection. The policy of that bucket must admit load
    balancers: the L2 would name the id of an AWS account in it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        subnets: str,
        internet_facing: bool,
        security_group: ec2.ISecurityGroup,
        log_bucket: s3.IBucket,
    ) -> None:
        super().__init__(
            scope,
            id,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name=subnets),
            internet_facing=internet_facing,
            security_group=security_group,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
            http2_enabled=True,
            deletion_protection=True,
        )
        self.set_attribute("access_logs.s3.enabled", "true")
        self.set_attribute("access_logs.s3.bucket", log_bucket.bucket_name)
        self.set_attribute("access_logs.s3.prefix", LOAD_BALANCER_LOGS)


class StorefrontTargets(elb.ApplicationTargetGroup):
    """The storefront's tasks, asked every 15 seconds whether they live."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc) -> None:
        super().__init__(
            scope,
            id,
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
