"""The warehouse: Redshift Serverless over the lake's tables, which has no L2 construct."""

from __future__ import annotations

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_redshiftserverless as redshift
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.function import NetworkAccess, retention
from retail_constructs.lake_catalog import LakeCatalog
from retail_constructs.lake_zones import CURATED

DATABASE = "warehouse"
ADMINISTRATOR = "administrator"
EXTERNAL_SCHEMA = "lake"

_LOGS = ("connectionlog", "useractivitylog", "userlog")
_ONE_HOUR = "3600"


class Warehouse(Construct):
    """A namespace encrypted with `key` and a workgroup of `base_rpu` inside the network, without a public address.

    Its administrator's password is made, rotated and kept by Secrets Manager. With enhanced VPC routing its reads of
    the lake take the network's gateway endpoint for S3. It reads `curated/` and the catalog, and writes nothing there.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        network: NetworkAccess,
        bucket: s3.IBucket,
        catalog: LakeCatalog,
        key: kms.IKey,
        base_rpu: int,
        log_days: int,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id)
        self.role = self._role(bucket, catalog, key)
        # Named after the namespace (Redshift's guide, audit logging for Serverless); made beforehand to be encrypted
        # and kept a stated time.
        groups = [
            logs.LogGroup(
                self,
                log.capitalize(),
                log_group_name=f"/aws/redshift/{name}/{log}",
                encryption_key=key,
                retention=retention(log_days),
                removal_policy=RemovalPolicy.DESTROY,
            )
            for log in _LOGS
        ]
        self.namespace = redshift.CfnNamespace(
            self,
            "Default",
            namespace_name=name,
            db_name=DATABASE,
            admin_username=ADMINISTRATOR,
            kms_key_id=key.key_arn,
            manage_admin_password=True,
            admin_password_secret_kms_key_id=key.key_arn,
            default_iam_role_arn=self.role.role_arn,
            iam_roles=[self.role.role_arn],
            log_exports=list(_LOGS),
        )
        self.namespace.apply_removal_policy(removal)
        for group in groups:
            self.namespace.node.add_dependency(group)
        self.workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=name,
            namespace_name=self.namespace.ref,
            base_capacity=base_rpu,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            subnet_ids=network.subnet_ids,
            security_group_ids=network.security_group_ids,
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key=parameter, parameter_value=value)
                for parameter, value in (("require_ssl", "true"), ("max_query_execution_time", _ONE_HOUR))
            ],
        )

    @property
    def namespace_arn(self) -> str:
        """The namespace's ARN, with the id that Redshift gave it."""
        return self.namespace.attr_namespace_namespace_arn

    @property
    def admin_secret_arns(self) -> str:
        """A pattern for the secret with the administrator's password: only Redshift knows its ARN."""
        name = f"redshift!{self.namespace.namespace_name}-{ADMINISTRATOR}-??????"
        return Stack.of(self).format_arn(
            service="secretsmanager", resource="secret", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )

    @property
    def workgroup_arn(self) -> str:
        """The workgroup's ARN, with the id that Redshift gave it."""
        return self.workgroup.attr_workgroup_workgroup_arn

    def _role(self, bucket: s3.IBucket, catalog: LakeCatalog, key: kms.IKey) -> iam.Role:
        """What queries over the external schema may do: read the curated tables and what the catalog says of them."""
        ours = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("redshift-serverless.amazonaws.com", conditions=ours)
        )
        if role.assume_role_policy:  # Redshift asks for either, depending on the statement
            role.assume_role_policy.add_statements(
                iam.PolicyStatement(
                    sid="Redshift",
                    actions=["sts:AssumeRole"],
                    principals=[iam.ServicePrincipal("redshift.amazonaws.com", conditions=ours)],
                )
            )
        for actions, resources in (
            (["s3:GetObject"], [bucket.arn_for_objects(CURATED)]),
            (["s3:ListBucket", "s3:GetBucketLocation"], [bucket.bucket_arn]),
            (
                [
                    *("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"),
                    *("glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"),
                ],
                catalog.arns(*catalog.curated),
            ),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        key.grant(role, "kms:Decrypt")
        return role
