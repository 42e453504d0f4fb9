"""What CloudFront proves itself with to the load balancer."""

from __future__ import annotations

from dataclasses import replace

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from retail_constructs.function import FunctionProps
from retail_constructs.log_bucket import removal_policy
from retail_constructs.secret_rotation import SecretRotation

ORIGIN_HEADER = "X-Origin-Verify"


class OriginSecret(Construct):
    """Forty-eight random characters under `key`, sent and demanded as `X-Origin-Verify`, changed every thirty days.

    Templates hold a dynamic reference, never the value.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, durable: bool) -> None:
        super().__init__(scope, id)
        self.secret = secretsmanager.Secret(
            self,
            "Default",
            description=f"What CloudFront sends as {ORIGIN_HEADER}",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106
                generate_string_key="value",
                password_length=48,
                exclude_punctuation=True,  # a listener rule takes some of it for wildcards
            ),
            removal_policy=removal_policy(durable=durable),
        )

    @property
    def reference(self) -> str:
        """The value as a template may hold it: `{{resolve:secretsmanager:…}}`."""
        return self.secret.secret_value_from_json("value").unsafe_unwrap()

    def rotate(
        self,
        *,
        rule: elb.ApplicationListenerRule,
        distribution: cloudfront.Distribution,
        web_acl_arn: str,
        log_bucket: s3.IBucket,
        function: FunctionProps,
    ) -> None:
        """Change the value every thirty days: `rule` accepts old and new while `distribution` changes over."""
        variables = {
            "ORIGIN_SECRET_ARN": self.secret.secret_arn,
            "ORIGIN_HEADER": ORIGIN_HEADER,
            "LISTENER_RULE_ARN": rule.listener_rule_arn,
            "DISTRIBUTION_ID": distribution.distribution_id,
        }
        # Edge locations take minutes to change over; what does not fit is tried again.
        props = replace(function, variables={**function.variables, **variables}, timeout_seconds=15 * 60)
        rotation = SecretRotation(self, "Rotation", secret=self.secret, function=props)
        for sid, actions, resource in (
            ("Rule", ["elasticloadbalancing:ModifyRule"], rule.listener_rule_arn),
            (
                "Distribution",
                ["cloudfront:GetDistribution", "cloudfront:GetDistributionConfig", "cloudfront:UpdateDistribution"],
                distribution.distribution_arn,
            ),
            # What CloudFront checks of whoever updates a distribution that has a web ACL and a log bucket.
            ("WebAcl", ["wafv2:GetWebACL"], web_acl_arn),
            ("LogBucket", ["s3:GetBucketAcl", "s3:PutBucketAcl"], log_bucket.bucket_arn),
        ):
            rotation.function.role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))
