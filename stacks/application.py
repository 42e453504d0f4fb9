"""The storefront: repository, cluster, service."""

from __future__ import annotations

from aws_cdk import IgnoreMode
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from environments import Placement, ServiceCapacity
from retail_constructs.compliance import acknowledge_wildcard
from retail_constructs.fargate_service import ContainerProps, FargateService
from retail_constructs.guarded_load_balancer import CONTAINER_PORT
from retail_constructs.layer_build import ROOT
from retail_constructs.log_bucket import removal_policy
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack


class ApplicationStack(RetailStack):
    """The storefront on Fargate; it finds database, cache, lake and bus by parameters once those exist."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        vpc: ec2.IVpc,
        security: SecurityStack,
        target_group: elb.ApplicationTargetGroup,
        capacity: ServiceCapacity,
        payment_gateway: str,
        log_days: int,
        image_tag: str | None,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        key = self.import_key(security.key)
        self.repository = ecr.Repository(
            self,
            "Repository",
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[
                ecr.LifecycleRule(description="Keep what a rollback may need", max_image_count=30),
            ],
            removal_policy=removal_policy(durable=placement.durable),
            empty_on_delete=not placement.durable,
        )
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc, container_insights_v2=ecs.ContainerInsights.ENABLED)
        cluster.add_default_cloud_map_namespace(
            name="retail.internal", type=servicediscovery.NamespaceType.DNS_PRIVATE, vpc=vpc
        )
        secret = secretsmanager.Secret.from_secret_attributes(
            self,
            "DatabaseSecret",
            secret_complete_arn=security.database_secret.secret_arn,
            encryption_key=key,
        )
        self.service = FargateService(
            self,
            "Storefront",
            cluster=cluster,
            container=ContainerProps(
                image=self._image(image_tag),
                cpu=capacity.cpu,
                memory=capacity.memory,
                variables={
                    "RETAIL_ENVIRONMENT": placement.name,
                    "PARAMETER_PREFIX": placement.parameter_prefix,
                    "PORT": str(CONTAINER_PORT),
                    "PAYMENT_GATEWAY": payment_gateway,
                },
                secrets={
                    "DATABASE_USERNAME": ecs.Secret.from_secrets_manager(secret, "username"),
                    "DATABASE_PASSWORD": ecs.Secret.from_secrets_manager(secret, "password"),
                },
            ),
            target_group=target_group,
            security_group=security.tiers.application,
            key=key,
            log_days=log_days,
            min_tasks=capacity.min_tasks,
            max_tasks=capacity.max_tasks,
            alarm_topic=security.alarm_topic,
        )
        self._allow_discovery(placement.parameter_prefix)

    def _image(self, tag: str | None) -> ecs.ContainerImage:
        """The tagged image of the repository; without a tag the source's own, which a first deployment needs."""
        if tag:
            return ecs.ContainerImage.from_ecr_repository(self.repository, tag)
        return ecs.ContainerImage.from_docker_image_asset(
            ecr_assets.DockerImageAsset(
                self,
                "Image",
                directory=str(ROOT),
                file="services/storefront/Dockerfile",
                platform=ecr_assets.Platform.LINUX_ARM64,
                ignore_mode=IgnoreMode.DOCKER,
                exclude=["**", "!services/storefront/**", "!lambda_src/retail/**", "**/__pycache__"],
            )
        )

    def _allow_discovery(self, prefix: str) -> None:
        parameters = self.format_arn(service="ssm", resource="parameter", resource_name=f"{prefix.lstrip('/')}/*")
        self.service.task_role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="Discovery",
                actions=["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
                resources=[parameters],
            )
        )
        acknowledge_wildcard(
            self.service.task_role,
            parameters,
            because="Parameters of this environment's own path, which hold addresses and no secret, and reading only.",
        )
