"""Key, security groups, database secret, alarm topic and audit: what the other stacks are protected with."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from environments import Placement
from retail_constructs.audit_trail import AuditTrail
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.data_key import ALARMING_SERVICES, DataKey
from retail_constructs.function_policy import FunctionPolicy
from retail_constructs.given_subscription import subscribe_if_given
from retail_constructs.log_bucket import LogBucket, removal_policy
from retail_constructs.monthly_budget import MonthlyBudget
from retail_constructs.payment_secret import PaymentSecret
from retail_constructs.tiers import Tiers
from stacks.retail_stack import RetailStack


class SecurityStack(RetailStack):
    """The key, the tiers' security groups with every rule between them, the database secret, audit trail and logs."""

    DATA_CLASS = "restricted"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        vpc: ec2.IVpc,
        log_days: int,
        tls_at_origin: bool,
        accelerated: bool,
        monthly_budget: int,
        payment_gateway: str,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        removal = removal_policy(durable=placement.durable)
        data_key = DataKey(self, "DataKey", description="All data of the shop", removal=removal)
        data_key.allow_events_and_alarms()
        data_key.allow_edge_and_trail()
        self.key = data_key.key
        self.tiers = Tiers(
            self,
            "Tiers",
            vpc=vpc,
            cloudfront=ec2.Peer.prefix_list(placement.cloudfront_prefix_list),
            listener_port=443 if tls_at_origin else 80,
            accelerated=accelerated,
        )
        self.database_secret = secretsmanager.Secret(
            self,
            "DatabaseSecret",
            description="Owner of the shop's database",
            # Seen by its ARN, for the L2 would add wildcards to the key's policy, which is whole.
            encryption_key=kms.Key.from_key_arn(self, "KeyOfSecrets", self.key.key_arn),
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
            because="Its rotation, every 30 days, is in the data stack, where the database is.",
        )
        self.payment_secret = (
            PaymentSecret(
                self,
                "PaymentSecret",
                key=kms.Key.from_key_arn(self, "KeyOfPayments", self.key.key_arn),
                removal=removal,
            )
            if payment_gateway == "stripe"
            else None
        )
        self.function_policy = FunctionPolicy(self, "FunctionPolicy")
        self.alarm_topic = self._alarm_topic()
        MonthlyBudget(self, "MonthlyBudget", dollars=monthly_budget, topic=self.alarm_topic)
        self.access_logs = LogBucket(self, "AccessLogs", days=log_days, durable=placement.durable).bucket
        AuditTrail(
            self,
            "AuditTrail",
            name=f"retail-{placement.name}",
            key=kms.Key.from_key_arn(self, "KeyOfTrail", self.key.key_arn),
            access_logs=self.access_logs,
            data_buckets=[f"retail-{placement.name}-data-lake"],  # how CloudFormation begins the lake's name
            days=log_days,
            durable=placement.durable,
        )

    def _alarm_topic(self) -> sns.Topic:
        """Where every alarm of the platform goes, and from there to the operator whom the deployment names."""
        topic = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal(service) for service in ALARMING_SERVICES],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        operator = subscribe_if_given(
            self,
            "Operator",
            parameter="OperatorEmail",
            description="Told of every alarm, if any: e-mail address",
            protocol="email",
            topic=topic,
        )
        acknowledge(
            operator,
            "Serverless-SNSRedrivePolicy",
            because="A queue for alarms that no mail server took would need an alarm itself. SNS tries for hours, and "
            "the dashboard shows each alarm as long as it lasts.",
        )
        return topic
