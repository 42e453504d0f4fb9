"""The storefront: repository, cluster, service."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import IgnoreMode, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from environments import Placement, ServiceCapacity
from retail_constructs.fargate_service import ContainerProps, FargateService
from retail_constructs.function import retention
from retail_constructs.layer_build import ROOT
from retail_constructs.log_bucket import removal_policy
from retail_constructs.selling_alarms import SellingAlarms
from retail_constructs.storefront_balancer import CONTAINER_PORT
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack

# Called where it is served on demand: elsewhere it answers through a profile over several regions only.
RECOMMENDATION_MODEL = "amazon.nova-lite-v1:0"
RECOMMENDATION_REGION = "us-east-1"

# What the storefront asks for under the environment's prefix, whoever publishes it later.
DISCOVERED = (
    "database/writer-endpoint",
    "database/reader-endpoint",
    "database/port",
    "database/name",
    "cache/endpoint",
    "lake/bucket",
    "events/bus",
)


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
        target_groups: Sequence[elb.ApplicationTargetGroup],
        capacity: ServiceCapacity,
        payment_gateway: str,
        store_address: str,
        traced: bool,
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
        # Named by Container Insights, which would make it itself with the first task, open and for ever.
        performance = logs.LogGroup(
            self,
            "PerformanceLogs",
            log_group_name=f"/aws/ecs/containerinsights/{cluster.cluster_name}/performance",
            encryption_key=key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
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
                    **self._card_entry(security.payment_secret, store_address),
                    "DATABASE_SECRET_ARN": secret.secret_arn,
                    "RECOMMENDATION_MODEL": RECOMMENDATION_MODEL,
                    "RECOMMENDATION_REGION": RECOMMENDATION_REGION,
                },
                secrets={
                    "DATABASE_USERNAME": ecs.Secret.from_secrets_manager(secret, "username"),
                    "DATABASE_PASSWORD": ecs.Secret.from_secrets_manager(secret, "password"),
                },
            ),
            target_groups=target_groups,
            security_group=security.tiers.application,
            key=key,
            log_days=log_days,
            min_tasks=capacity.min_tasks,
            max_tasks=capacity.max_tasks,
            alarm_topic=security.alarm_topic,
            traced=traced,
        )
        self.service.service.node.add_dependency(performance)
        SellingAlarms(self, "Selling", topic=security.alarm_topic)
        self._allow_discovery(placement.parameter_prefix)
        self._allow_recommendations()
        if security.payment_secret:
            self.service.task_role.add_to_principal_policy(
                iam.PolicyStatement(  # the page for cards is opened, and looked at, with the gateway's key
                    sid="CardEntry",
                    actions=["secretsmanager:GetSecretValue"],
                    resources=[security.payment_secret.secret_arn],
                )
            )
        secret.grant_read(self.service.task_role)  # the password changes while tasks run
        for role in (self.service.task_role, self.service.task_definition.obtain_execution_role()):
            key.grant_decrypt(role)  # the secret's own grant would go into the policy of a key that is imported

    def _card_entry(self, secret: secretsmanager.Secret | None, store_address: str) -> dict[str, str]:
        """Where the gateway's key is, and where customers come back to: said here, for a Host header can be forged."""
        return {"PAYMENT_SECRET_ARN": secret.secret_arn, "STORE_ADDRESS": store_address} if secret else {}

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

    def _allow_recommendations(self) -> None:
        """One model, asked for one answer at a time; Converse is authorized as InvokeModel."""
        model = self.format_arn(
            service="bedrock",
            region=RECOMMENDATION_REGION,
            account="",
            resource="foundation-model",
            resource_name=RECOMMENDATION_MODEL,
        )
        self.service.task_role.add_to_principal_policy(
            iam.PolicyStatement(sid="Recommendations", actions=["bedrock:InvokeModel"], resources=[model])
        )

    def _allow_discovery(self, prefix: str) -> None:
        names = [f"{prefix.lstrip('/')}/{name}" for name in DISCOVERED]
        self.service.task_role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="Discovery",
                actions=["ssm:GetParameters"],
                resources=[self.format_arn(service="ssm", resource="parameter", resource_name=name) for name in names],
            )
        )
