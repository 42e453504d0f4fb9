"""A function of the shop: one place for runtime, code, layer, logging, tracing and the role's base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.dependency_layer import DependencyLayer, architecture, runtime
from retail_constructs.layer_build import ROOT

APPLICATION_SUBNETS = ec2.SubnetSelection(subnet_group_name="Application")

_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    365: logs.RetentionDays.ONE_YEAR,
}


@dataclass(frozen=True, kw_only=True)
class NetworkAccess:
    """Where something runs, and by its group what it reaches there and who reaches it."""

    vpc: ec2.IVpc
    security_group: ec2.ISecurityGroup
    tier: Literal["Application", "Data"] = "Application"

    @property
    def subnets(self) -> ec2.SubnetSelection:
        """The tier's subnets in all zones."""
        return ec2.SubnetSelection(subnet_group_name=self.tier)

    @property
    def subnet_ids(self) -> list[str]:
        """The same, for a resource that takes no selection."""
        return self.vpc.select_subnets(subnet_group_name=self.tier).subnet_ids

    @property
    def security_group_ids(self) -> list[str]:
        """Its one group, for a resource that takes a list of ids."""
        return [self.security_group.security_group_id]


@dataclass(frozen=True, kw_only=True)
class FunctionProps:
    """What a function is, apart from who calls it.

    `package` is its folder in `lambda_src/`; `base_policy` is the `FunctionPolicy` of the platform; `concurrency` both
    reserves and limits, so that a burst can neither starve the other functions nor exhaust the database's connections.
    """

    package: str
    description: str
    environment_name: str
    key: kms.IKey
    alarm_topic: sns.ITopic
    log_days: int
    concurrency: int
    network: NetworkAccess
    base_policy: iam.IManagedPolicy
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 60  # a paused database needs 15 to 30
    memory: int = 512


class Function(Construct):
    """A Python 3.14 ARM64 function with the shared layer, encrypted logs kept a stated time, and X-Ray tracing.

    It runs inside the network. Its role may write to its own log group and has the base policy (traces, network
    interfaces); grants add the rest. An asynchronous invocation that keeps failing goes to `dead_letter_queue`, or
    without one to the alarm topic.
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
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[props.base_policy],
        )
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Default",
            runtime=runtime(),
            architecture=architecture(),
            code=function_code(props.package),
            handler=f"{props.package}.handler.handler",
            layers=[DependencyLayer.of(self)],
            description=props.description,
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            timeout=Duration.seconds(props.timeout_seconds),
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
            vpc=props.network.vpc,
            vpc_subnets=props.network.subnets,
            security_groups=[props.network.security_group],
        )
        # Not the L2's switch, which would repeat in each role what the shared policy grants.
        resource = cast(lambda_.CfnFunction, self.function.node.default_child)
        resource.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
        props.key.grant(self.role, "kms:Decrypt", "kms:GenerateDataKey")  # the latter to send dead letters
        HeardAlarm(
            self,
            "ErrorAlarm",
            metric=self.function.metric_errors(period=Duration.minutes(5)),
            threshold=1,
            description=f"{props.package} failed as a whole; read its log group",
            runbook="function-failed",
            topic=props.alarm_topic,
        )


def function_code(package: str) -> lambda_.Code:
    """`lambda_src/` restricted to the domain package and the function's own folder."""
    return lambda_.Code.from_asset(
        str(ROOT / "lambda_src"),
        exclude=["/*", "!/retail", f"!/{package}", "__pycache__", "*.pyc"],
        ignore_mode=IgnoreMode.GIT,  # four times as fast as globs, and a function's hash is made eleven times
    )


def retention(days: int) -> logs.RetentionDays:
    """CloudWatch's retention for that number of days; raises `ValueError` for one that the platform does not use."""
    if days not in _RETENTION:
        raise ValueError(f"logs kept {days} days: use one of {', '.join(map(str, _RETENTION))}")
    return _RETENTION[days]
