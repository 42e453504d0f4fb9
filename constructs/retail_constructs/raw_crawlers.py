"""Glue crawlers, one per prefix of the lake, and the role they share."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.function import retention
from retail_constructs.glue_security import KEY_ACTIONS, GlueSecurity
from retail_constructs.lake_zones import RAW

# Files of one prefix with slightly different fields stay one table, of the name that the role may write.
_ONE_TABLE_PER_PREFIX = '{"Version":1.0,"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas"}}'

_CATALOG_ACTIONS = [
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetTables",
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
    "glue:BatchCreatePartition",
    "glue:CreatePartition",
    "glue:UpdatePartition",
]


class RawCrawlers(Construct):
    """A crawler per raw prefix that keeps the tables of `database` in step with what lies in the lake.

    Logs and bookmarks are encrypted with `key`; the role reads `raw/` and writes this database's tables only.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        database_name: str,
        bucket: s3.IBucket,
        prefixes: Sequence[str],
        security: GlueSecurity,
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, id)
        self._log_retention = retention(log_days)
        self.role = self._role(database_name, bucket, prefixes, security.name, key)
        self.crawlers = {
            prefix: glue.CfnCrawler(
                self,
                prefix.strip("/").split("/")[-1].capitalize(),
                role=self.role.role_arn,
                database_name=database_name,
                table_prefix="raw_",
                targets=glue.CfnCrawler.TargetsProperty(
                    s3_targets=[glue.CfnCrawler.S3TargetProperty(path=f"s3://{bucket.bucket_name}/{prefix}")]
                ),
                crawler_security_configuration=security.security_configuration_name,
                recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_NEW_FOLDERS_ONLY"),
                schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                    update_behavior="LOG", delete_behavior="LOG"
                ),
                configuration=_ONE_TABLE_PER_PREFIX,
            )
            for prefix in prefixes
        }

    def arn(self, prefix: str) -> str:
        """The crawler's ARN, which Glue does not return."""
        return Stack.of(self).format_arn(service="glue", resource="crawler", resource_name=self.crawlers[prefix].ref)

    def _role(
        self, database_name: str, bucket: s3.IBucket, prefixes: Sequence[str], security_name: str, key: kms.IKey
    ) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        logs_group = self._log_group(role, security_name, key)
        role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[bucket.arn_for_objects(RAW)]))
        role.add_to_policy(
            iam.PolicyStatement(actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=[bucket.bucket_arn])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
                resources=[logs_group.log_group_arn],
            )
        )
        tables = [self._catalog_arn("table", f"{database_name}/{table_name(prefix)}") for prefix in prefixes]
        role.add_to_policy(
            iam.PolicyStatement(
                actions=_CATALOG_ACTIONS,
                resources=[self._catalog_arn("catalog"), self._catalog_arn("database", database_name), *tables],
            )
        )
        key.grant(role, *KEY_ACTIONS)
        return role

    def _log_group(self, role: iam.Role, security_name: str, key: kms.IKey) -> logs.LogGroup:
        """The group that crawlers of this role and configuration write to, made beforehand to be encrypted and kept."""
        return logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws-glue/crawlers-role/{role.role_name}-{security_name}",
            encryption_key=key,
            retention=self._log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _catalog_arn(self, resource: str, name: str | None = None) -> str:
        return Stack.of(self).format_arn(service="glue", resource=resource, resource_name=name)


def table_name(prefix: str) -> str:
    """The table that the crawler of `prefix` keeps: `raw_orders` for `raw/orders/`."""
    return prefix.strip("/").replace("/", "_")
