"""Fault injection: what the platform promises to survive, ready to be tried."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_fis as fis
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.compliance import acknowledge

_POLICIES = tuple(f"AWSFaultInjectionSimulator{kind}Access" for kind in ("ECS", "Network", "RDS"))
_ZONE_IS_LOST_FOR = "PT10M"
_MOST_ERRORS_A_MINUTE = 50


class Experiments(Construct):
    """Three FIS templates: one task stopped, one zone cut off for ten minutes, Aurora failed over to its reader.

    A template does nothing until a person starts it. It stops as soon as customers see too many errors: `errors` is the
    metric of 5xx answers.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        service: ecs.FargateService,
        database_arn: str,
        vpc_id: str,
        zone: str,
        errors: cloudwatch.IMetric,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._role = self._make_role()
        self._stop = HeardAlarm(
            self,
            "StopAlarm",
            metric=errors,
            threshold=_MOST_ERRORS_A_MINUTE,
            description="Customers notice the experiment: it stops by itself; look at what it found",
            runbook="experiment-noticed",
            topic=alarm_topic,
        )
        self._template(
            "TaskLoss",
            "One task of the storefront stops: nobody notices, and ECS starts another one",
            action=("aws:ecs:stop-task", "Tasks", {}),
            target=_target(
                "aws:ecs:task",
                selection="COUNT(1)",
                parameters={"cluster": service.cluster.cluster_name, "service": service.service_name},
            ),
        )
        self._template(
            "ZoneLoss",
            f"The subnets of {zone} are cut off: tasks, database and load balancer go on in the other zones",
            action=(
                "aws:network:disrupt-connectivity",
                "Subnets",
                {"duration": _ZONE_IS_LOST_FOR, "scope": "all"},
            ),
            target=_target("aws:ec2:subnet", parameters={"availabilityZoneIdentifier": zone, "vpc": vpc_id}),
        )
        self._template(
            "DatabaseFailover",
            "Aurora promotes its reader: orders fail for seconds, none is lost, pools find the new writer",
            action=("aws:rds:failover-db-cluster", "Clusters", {}),
            target=_target("aws:rds:cluster", arns=[database_arn]),
        )

    def _template(
        self,
        id: str,
        description: str,
        *,
        action: tuple[str, str, dict[str, str]],
        target: fis.CfnExperimentTemplate.ExperimentTemplateTargetProperty,
    ) -> None:
        name, on, parameters = action
        fis.CfnExperimentTemplate(
            self,
            id,
            description=description,
            role_arn=self._role.role_arn,
            actions={
                id: fis.CfnExperimentTemplate.ExperimentTemplateActionProperty(
                    action_id=name, parameters=parameters, targets={on: on}
                )
            },
            targets={on: target},
            tags={"Name": id},
            stop_conditions=[
                fis.CfnExperimentTemplate.ExperimentTemplateStopConditionProperty(
                    source="aws:cloudwatch:alarm", value=self._stop.alarm_arn
                )
            ],
        )

    def _make_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "fis.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(f"service-role/{name}") for name in _POLICIES
            ],
            max_session_duration=Duration.hours(1),
        )
        acknowledge(
            role,
            *(f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{p}]" for p in _POLICIES),
            because="FIS's own policies for the three kinds of fault. Only FIS in this account may assume the role, "
            "for an experiment whose targets the templates name; environments have it only where they ask for it.",
        )
        return role


def _target(
    resource_type: str,
    *,
    selection: str = "ALL",
    parameters: dict[str, str] | None = None,
    arns: list[str] | None = None,
) -> fis.CfnExperimentTemplate.ExperimentTemplateTargetProperty:
    return fis.CfnExperimentTemplate.ExperimentTemplateTargetProperty(
        resource_type=resource_type, selection_mode=selection, parameters=parameters, resource_arns=arns
    )
