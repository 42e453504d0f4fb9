"""The bucket behind `/static/*` and `/images/*`, filled at deployment."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from retail_constructs.compliance import acknowledge_wildcard
from retail_constructs.fingerprint import fingerprint
from retail_constructs.function import Function, FunctionProps
from retail_constructs.layer_build import ROOT
from retail_constructs.private_bucket import PrivateBucket

# Everything that a picture's bytes follow from.
_RETAIL = ROOT / "lambda_src" / "retail"
_DRAWING = (
    _RETAIL / "pictures.py",
    _RETAIL / "sample_catalog.py",
    *(_RETAIL / "shelves").glob("*.json"),
    *(_RETAIL / "shapes").glob("*.svg"),
)


class SiteBucket(Construct):
    """A private bucket under `key` that holds the static files of this deployment, and of those before it.

    A function of our own copies them from a deployment asset: `aws_s3_deployment` would bring a command line of
    16 MB and grants over the whole asset bucket. It runs again whenever a file changed. Nothing is deleted, so that
    pages of the version before find theirs; what there is comes to kilobytes a release.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        static_files: Path,
        sample_catalog: bool,
        key: kms.IKey,
        publisher: FunctionProps,
        access_logs: s3.IBucket,
        durable: bool,
    ) -> None:
        super().__init__(scope, id)
        self.bucket = PrivateBucket(self, "Default", key=key, access_logs=access_logs, log_name="site", durable=durable)
        self._publish(static_files, publisher, key, sample_catalog=sample_catalog)

    def _publish(self, static_files: Path, props: FunctionProps, key: kms.IKey, *, sample_catalog: bool) -> None:
        source = assets.Asset(self, "StaticFiles", path=str(static_files))
        function = Function(self, "Publisher", props)
        function.function.add_environment("SITE_BUCKET", self.bucket.bucket_name)
        function.function.add_environment("SAMPLE_CATALOG", str(sample_catalog).lower())
        function.role.add_to_policy(
            iam.PolicyStatement(
                sid="Source",
                actions=["s3:GetObject"],
                resources=[source.bucket.arn_for_objects(source.s3_object_key)],
            )
        )
        everything = self.bucket.arn_for_objects("*")
        function.role.add_to_policy(iam.PolicyStatement(sid="Site", actions=["s3:PutObject"], resources=[everything]))
        key.grant(function.role, "kms:GenerateDataKey", "kms:Decrypt")
        acknowledge_wildcard(
            function.role,
            everything,
            because="It is the only writer of this bucket; it may write, and neither read nor delete.",
        )
        files = CustomResource(
            self,
            "Files",
            resource_type="Custom::SiteFiles",
            service_token=function.function.function_arn,
            service_timeout=Duration.minutes(3),
            properties={
                "SourceBucket": source.s3_bucket_name,
                "SourceKey": source.s3_object_key,
                # The pictures are drawn by code: when it changes, they are drawn again.
                "Drawing": fingerprint(_DRAWING),
            },
        )
        files.node.add_dependency(function, self.bucket)
