"""A function of the shop: one place for runtime, code, layer, logging, tracing and the role's base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.dependency_layer import ARCHITECTURE, RUNTIME, DependencyLayer
from retail_constructs.layer_build import ROOT

APPLICATION_SUBNETS = ec2.SubnetSelection(subnet_group_name="Application")

_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    365: logs.RetentionDays.ONE_YEAR,
}


@dataclass(frozen=True, kw_only=True)
class NetworkAccess:
    """Where a function that talks to the database or the cache runs."""

    vpc: ec2.IVpc
    security_group: ec2.ISecurityGroup


@dataclass(frozen=True, kw_only=True)
class FunctionProps:
    """What a function is, apart from who calls it.

    `package` is its folder in `lambda_src/`; `concurrency` both reserves and limits, so that a burst can
    neither starve the other functions nor exhaust the database's connections.
    """

    package: str
    description: str
    environment_name: str
    key: kms.IKey
    alarm_topic: sns.ITopic
    log_days: int
    concurrency: int
    network: NetworkAccess | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: Duration = field(default_factory=lambda: Duration.seconds(60))  # a paused database needs 15 to 30
    memory: int = 512


class Function(Construct):
    """A Python 3.13 ARM64 function with the shared layer, encrypted logs kept a stated time, and X-Ray tracing.

    Its role has no managed policy: writing to its own log group, sending traces, and, inside the network,
    the network interfaces that Lambda makes with it. Grants add the rest. An asynchronous invocation that keeps
    failing goes to `dead_letter_queue`, or without one to the alarm topic.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        props: FunctionProps,
        *,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            encryption_key=props.key,
            retention=retention(props.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(self.role)
        if props.network:
            self._allow_network_interfaces()
        self.function = lambda_.Function(
            self,
            "Default",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=function_code(props.package),
            handler=f"{props.package}.handler.handler",
            layers=[DependencyLayer.of(self)],
            description=props.description,
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=props.timeout,
            memory_size=props.memory,
            reserved_concurrent_executions=props.concurrency,
            dead_letter_queue=dead_letter_queue,
            dead_letter_topic=None if dead_letter_queue else props.alarm_topic,
            environment_encryption=props.key,
            environment={
                "RETAIL_ENVIRONMENT": props.environment_name,
                "POWERTOOLS_SERVICE_NAME": props.package.replace("_", "-"),
                "POWERTOOLS_METRICS_NAMESPACE": "RetailPlatform",
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **props.variables,
            },
            vpc=props.network.vpc if props.network else None,
            vpc_subnets=APPLICATION_SUBNETS if props.network else None,
            security_groups=[props.network.security_group] if props.network else None,
        )
        props.key.grant_decrypt(self.role)
        HeardAlarm(
            self,
            "ErrorAlarm",
            metric=self.function.metric_errors(period=Duration.minutes(5)),
            threshold=1,
            description=f"{props.package} failed as a whole; read its log group",
            topic=props.alarm_topic,
        )
        self._acknowledge_findings(inside_network=props.network is not None)

    def _allow_network_interfaces(self) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="NetworkInterfaces",
                actions=[
                    "ec2:CreateNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "ec2:DeleteNetworkInterface",
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:UnassignPrivateIpAddresses",
                ],
                resources=["*"],
            )
        )

    def _acknowledge_findings(self, *, inside_network: bool) -> None:
        acknowledge(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="X-Ray and the interface calls of Lambda have no resource level; the role can be assumed by "
            "Lambda alone and everything else it holds names its resource.",
        )
        if not inside_network:
            acknowledge(
                self.function,
                *in_packs("LambdaInsideVPC", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
                because="It calls AWS APIs only, over TLS and with its own role; nothing in the network is reachable "
                "from it, which is less than a network interface would give.",
            )


def function_code(package: str) -> lambda_.Code:
    """`lambda_src/` restricted to the domain package and the function's own folder."""
    return lambda_.Code.from_asset(
        str(ROOT / "lambda_src"),
        exclude=["*", "!retail", "!retail/**", f"!{package}", f"!{package}/**", "**/__pycache__", "*.pyc"],
    )


def retention(days: int) -> logs.RetentionDays:
    """CloudWatch's retention for that number of days; raises `ValueError` for one that the platform does not use."""
    if days not in _RETENTION:
        raise ValueError(f"logs kept {days} days: use one of {', '.join(map(str, _RETENTION))}")
    return _RETENTION[days]
