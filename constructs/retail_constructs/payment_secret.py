"""Where the key of the payment gateway belongs."""

from __future__ import annotations

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from retail_constructs.compliance import acknowledge, in_packs


class PaymentSecret(secretsmanager.Secret):
    """A secret without a value: whoever deploys puts `{"api_key": "sk_…"}` there, and until then nobody can order.

    Empty rather than filled with a word that stands for nothing, which would look like a key.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, removal: RemovalPolicy) -> None:
        super().__init__(
            scope,
            id,
            description="Key of the payment gateway, put here by hand",
            encryption_key=key,
            removal_policy=removal,
        )
        resource = cast(secretsmanager.CfnSecret, self.node.default_child)
        resource.add_property_deletion_override("GenerateSecretString")
        acknowledge(
            self,
            "AwsSolutions-SMG4",
            *in_packs("SecretsManagerRotationEnabled", "NIST.800.53.R5", "HIPAA.Security"),
            because="The key is made at Stripe, in a browser, by a person; rolled there, it is put here, and the next "
            "charge uses it. The order processor and the storefront may read it, and the trail records each time.",
        )
