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
from retail_constructs.compliance import acknowledge
from retail_constructs.data_key import ALARMING_SERVICES, DataKey
from retail_constructs.function import FunctionProps, NetworkAccess
from retail_constructs.function_policy import FunctionPolicy
from retail_constructs.given_subscription import subscribe_if_given
from retail_constructs.log_bucket import LogBucket, removal_policy
from retail_constructs.monthly_budget import MonthlyBudget
from retail_constructs.payment_secret import PaymentSecret
from retail_constructs.secret_rotation import SecretRotation
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
            tls=tls_at_origin,
            accelerated=accelerated,
        )
        # Seen by its ARN, for the L2 would add wildcards to the key's policy, which is whole.
        key_of_secrets = kms.Key.from_key_arn(self, "KeyOfSecrets", self.key.key_arn)
        self.database_secret = secretsmanager.Secret(
            self,
            "DatabaseSecret",
            description="Owner of the shop's database",
            encryption_key=key_of_secrets,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"username": "retail"}',  # noqa: S106
                generate_string_key="password",
                password_length=40,
                exclude_punctuation=True,  # fits a connection URL without quoting
            ),
            removal_policy=removal,
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
        self._rotate_database_secret(
            FunctionProps(
                package="database_secret_rotation",
                description="Changes the password of the database and its secret",
                environment_name=placement.name,
                key=key_of_secrets,
                alarm_topic=self.alarm_topic,
                log_days=log_days,
                concurrency=1,
                network=NetworkAccess(vpc=vpc, security_group=self.tiers.functions),
                base_policy=self.function_policy,
                variables={
                    "DATABASE_SECRET_ARN": self.database_secret.secret_arn,
                    "PARAMETER_PREFIX": placement.parameter_prefix,
                },
                timeout_seconds=5 * 60,
            ),
            prefix=placement.parameter_prefix,
        )
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

    def _rotate_database_secret(self, function: FunctionProps, *, prefix: str) -> None:
        """Beside the secret, so that none is without; the database comes later, so the function looks for it."""
        rotation = SecretRotation(self, "Rotation", secret=self.database_secret, function=function)
        rotation.function.role.add_to_policy(
            iam.PolicyStatement(
                sid="FindTheDatabase",
                actions=["ssm:GetParameters"],
                resources=[
                    self.format_arn(service="ssm", resource="parameter", resource_name=f"{prefix[1:]}/database/{name}")
                    for name in ("writer-endpoint", "port", "name")
                ],
            )
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
