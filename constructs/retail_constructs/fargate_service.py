"""A container service that is hard to break: two tasks at least, read-only, rolled back when unhealthy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm, LifeSignAlarm
from retail_constructs.compliance import acknowledge
from retail_constructs.function import APPLICATION_SUBNETS, retention
from retail_constructs.storefront_balancer import CONTAINER_PORT
from retail_constructs.trace_collector import TRACES_ENDPOINT, add_trace_collector

USER = "10001"  # the Dockerfile's user; named here too, so that an image without one cannot run as root
CPU_TARGET_PERCENT = 70  # row P5
REQUESTS_PER_TASK_AND_MINUTE = 1000

_HEALTH_CHECK = "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health', timeout=2)"


@dataclass(frozen=True, kw_only=True)
class ContainerProps:
    """What runs: the image, its size (Fargate units, MiB), and what it is told."""

    image: ecs.ContainerImage
    cpu: int
    memory: int
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)


class FargateService(Construct):
    """An ARM64 service in application subnets without public addresses, behind `target_groups`.

    Root file system read-only, not root, a deployment that does not become healthy is rolled back, and the number
    of tasks follows CPU use and requests, those of the first group, between the given limits. A traced one has a
    collector beside it, whose end does not end the task.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: ecs.ICluster,
        container: ContainerProps,
        target_groups: Sequence[elb.ApplicationTargetGroup],
        security_group: ec2.ISecurityGroup,
        key: kms.IKey,
        log_days: int,
        min_tasks: int,
        max_tasks: int,
        alarm_topic: sns.ITopic,
        traced: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            encryption_key=key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.task_definition = self._task(container, traced=traced)
        self.service = ecs.FargateService(
            self,
            "Default",
            cluster=cluster,
            task_definition=self.task_definition,
            desired_count=min_tasks,
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            assign_public_ip=False,
            vpc_subnets=APPLICATION_SUBNETS,
            security_groups=[security_group],
            health_check_grace_period=Duration.seconds(60),
            cloud_map_options=ecs.CloudMapOptions(name=id.lower()),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        for target_group in target_groups:
            self.service.attach_to_application_target_group(target_group)
        scaling = self.service.auto_scale_task_count(min_capacity=min_tasks, max_capacity=max_tasks)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=CPU_TARGET_PERCENT)
        scaling.scale_on_request_count(
            "Requests", requests_per_target=REQUESTS_PER_TASK_AND_MINUTE, target_group=target_groups[0]
        )

        HeardAlarm(
            self,
            "CpuAlarm",
            metric=self.service.metric_cpu_utilization(period=Duration.minutes(1)),
            threshold=90,
            description="Tasks stay busy although the service scales; raise the maximum or look for a slow dependency",
            runbook="tasks-stay-busy",
            topic=alarm_topic,
            periods=15,
        )
        for number, target_group in enumerate(target_groups, 1):
            self._watch_life(f"NoTaskAlarm{number}", target_group, alarm_topic)

    def _watch_life(self, id: str, target_group: elb.ApplicationTargetGroup, topic: sns.ITopic) -> None:
        """A target group without a task counts neither errors nor unhealthy tasks: it counts nothing."""
        alarm = LifeSignAlarm(
            self,
            id,
            metric=target_group.metrics.healthy_host_count(period=Duration.minutes(1), statistic="max"),
            least=1,
            description="No task of the storefront takes requests: the shop is down; read the service's events",
            runbook="no-task",
            topic=topic,
            periods=3,
        )
        alarm.node.add_dependency(self.service)  # before there is a service, it would be true

    @property
    def task_role(self) -> iam.IRole:
        """What the running code may do; later stacks grant it what they own."""
        return self.task_definition.task_role

    def _task(self, container: ContainerProps, *, traced: bool) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=container.cpu,
            memory_limit_mib=container.memory,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        task.add_container(
            "App",
            image=container.image,
            user=USER,
            readonly_root_filesystem=True,
            logging=ecs.LogDrivers.aws_logs(stream_prefix="app", log_group=self.log_group),
            port_mappings=[ecs.PortMapping(container_port=CONTAINER_PORT)],
            environment={**container.variables, **({"TRACE_COLLECTOR": TRACES_ENDPOINT} if traced else {})},
            secrets=dict(container.secrets),
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-c", _HEALTH_CHECK],
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(30),
            ),
        )
        if traced:
            add_trace_collector(task, log_group=self.log_group)
        acknowledge(
            task,
            "AwsSolutions-ECS2",
            because="The variables name the environment, the port and a parameter path; credentials come as ECS "
            "secrets from Secrets Manager.",
        )
        acknowledge(
            task.obtain_execution_role(),
            "AwsSolutions-IAM5[Resource::*]",
            because="ecr:GetAuthorizationToken has no resource level; pulling is limited to the one repository.",
        )
        return task
