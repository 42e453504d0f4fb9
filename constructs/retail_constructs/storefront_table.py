"""The storefront's own table, by key: nothing is kept in it yet."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.log_bucket import removal_policy

PARTITION_KEY = "pk"
EXPIRY_ATTRIBUTE = "expires_at"  # epoch seconds


class StorefrontTable(Construct):
    """For what must be remembered for a while: items `pk`, paid by the request, gone after `expires_at`.

    Encrypted with `key`, restorable to any second of 35 days, protected from deletion where `durable`.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, durable: bool) -> None:
        super().__init__(scope, id)
        self._key = key
        self.table = dynamodb.Table(
            self,
            "Default",
            partition_key=dynamodb.Attribute(name=PARTITION_KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=EXPIRY_ATTRIBUTE,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=durable,
            removal_policy=removal_policy(durable=durable),
        )
        if not durable:
            acknowledge(
                self.table,
                *in_packs("DynamoDBInBackupPlan", "NIST.800.53.R5", "HIPAA.Security"),
                because="An environment that is not durable holds sample data and goes with its stack; durable ones "
                "are backed up. The table itself goes back to any second of its last weeks, everywhere.",
            )

    def allow_use(self, role: iam.IRole) -> None:
        """Let `role` read and write single items, and nothing else; the policy lands where the role is."""
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                resources=[self.table.table_arn],
            )
        )
        self._key.grant(role, "kms:GenerateDataKey", "kms:Decrypt")
