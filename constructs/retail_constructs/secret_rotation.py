"""A secret that changes by itself."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from retail_constructs.function import Function, FunctionProps

ROTATED_EVERY_DAYS = 30


class SecretRotation(Construct):
    """`secret` gets a new value every thirty days from the function, which may read and change this secret alone.

    What it needs to make the other side agree is granted to the construct's `function`. A deployment does not rotate:
    the first new value comes with the schedule. But Secrets Manager tries the function's testSecret step then, which
    must succeed where what the secret opens is not there yet. L1, because the L2's permission lets Secrets Manager of
    any account call the function, and its grants name actions by wildcard.
    """

    def __init__(self, scope: Construct, id: str, *, secret: secretsmanager.ISecret, function: FunctionProps) -> None:
        super().__init__(scope, id)
        self.function = Function(self, "Function", function)
        self.function.role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:GetSecretValue",
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecretVersionStage",
                ],
                resources=[secret.secret_arn],
            )
        )
        function.key.grant(self.function.role, "kms:Decrypt", "kms:GenerateDataKey")
        self.function.function.add_permission(
            "SecretsManager",
            principal=iam.ServicePrincipal("secretsmanager.amazonaws.com"),
            source_account=Aws.ACCOUNT_ID,
        )
        self.schedule = secretsmanager.CfnRotationSchedule(
            self,
            "Default",
            secret_id=secret.secret_arn,
            rotation_lambda_arn=self.function.function.function_arn,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                schedule_expression=f"rate({ROTATED_EVERY_DAYS} days)", duration="3h"
            ),
            rotate_immediately_on_update=False,
        )
        self.schedule.node.add_dependency(self.function)
