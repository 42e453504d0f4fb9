"""Key, security groups, database secret, alarm topic and flow logs: what the other stacks are protected with."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from environments import Placement
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.data_key import DataKey
from retail_constructs.function import retention
from retail_constructs.log_bucket import removal_policy
from retail_constructs.tiers import Tiers
from stacks.retail_stack import RetailStack


class SecurityStack(RetailStack):
    """The key, the tiers' security groups with every rule between them, the database secret, and flow logs."""

    def __init__(
        self, scope: Construct, id: str, *, placement: Placement, vpc: ec2.IVpc, log_days: int, tls_at_origin: bool
    ) -> None:
        super().__init__(scope, id, placement=placement)
        removal = removal_policy(durable=placement.durable)
        data_key = DataKey(self, "DataKey", description="All data of the shop", removal=removal)
        data_key.allow_events_and_alarms()
        self.key = data_key.key
        self.tiers = Tiers(
            self,
            "Tiers",
            vpc=vpc,
            cloudfront=ec2.Peer.prefix_list(placement.cloudfront_prefix_list),
            listener_port=443 if tls_at_origin else 80,
        )
        self.database_secret = secretsmanager.Secret(
            self,
            "DatabaseSecret",
            description="Owner of the shop's database",
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"username": "retail"}',  # noqa: S106
                generate_string_key="password",
                password_length=40,
                exclude_punctuation=True,  # fits a connection URL without quoting
            ),
            removal_policy=removal,
        )
        acknowledge(
            self.database_secret,
            "AwsSolutions-SMG4",
            *in_packs("SecretsManagerRotationEnabled", "NIST.800.53.R5", "HIPAA.Security"),
            because="Forty random characters under the key, readable by the tasks and functions that use the database; "
            "reachable from their security groups only.",
        )
        self.alarm_topic = self._alarm_topic()
        self._log_flows(vpc, log_days)

    def _alarm_topic(self) -> sns.Topic:
        """Where every alarm of the platform goes; people subscribe to it."""
        topic = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return topic

    def _log_flows(self, vpc: ec2.IVpc, log_days: int) -> None:
        """All traffic of the network, accepted and rejected; here and not in networking, for the key is here."""
        log_group = logs.LogGroup(
            self,
            "FlowLogs",
            encryption_key=self.key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        ec2.FlowLog(
            self,
            "FlowLog",
            resource_type=ec2.FlowLogResourceType.from_vpc(vpc),
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group),
            traffic_type=ec2.FlowLogTrafficType.ALL,
        )
