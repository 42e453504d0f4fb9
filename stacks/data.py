"""Database, cache, lake, and the parameters by which the application finds them."""

from __future__ import annotations

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import BackupRetention, CacheCapacity, DatabaseCapacity, Placement
from retail_constructs.aurora_serverless import DATABASE_NAME, AuroraServerless
from retail_constructs.backup_plan import BackupPlan
from retail_constructs.data_lake import DataLake
from retail_constructs.fingerprint import fingerprint
from retail_constructs.function import Function, FunctionProps, NetworkAccess
from retail_constructs.layer_build import ROOT
from retail_constructs.serverless_cache import ServerlessCache
from retail_constructs.storefront_table import StorefrontTable
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack


class DataStack(RetailStack):
    """Aurora, Valkey and the lake, the schema in the database, and the parameters that tell where they are."""

    DATA_CLASS = "confidential"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        vpc: ec2.IVpc,
        security: SecurityStack,
        task_role: iam.IRole,
        database: DatabaseCapacity,
        cache: CacheCapacity,
        backups: BackupRetention | None,
        sample_catalog: bool,
        log_days: int,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        key = self.import_key(security.key)
        secret = secretsmanager.Secret.from_secret_attributes(
            self, "DatabaseSecret", secret_complete_arn=security.database_secret.secret_arn, encryption_key=key
        )
        self.database = AuroraServerless(
            self,
            "Database",
            name=f"retail-{placement.name}",
            network=NetworkAccess(vpc=vpc, security_group=security.tiers.database, tier="Data"),
            secret=secret,
            key=key,
            log_days=log_days,
            min_acu=database.min_acu,
            max_acu=database.max_acu,
            backup_days=database.backup_days,
            alarm_topic=security.alarm_topic,
            durable=placement.durable,
        )
        self.cache = ServerlessCache(
            self,
            "Cache",
            name=f"retail-{placement.name}",
            network=NetworkAccess(vpc=vpc, security_group=security.tiers.cache, tier="Data"),
            key=key,
            max_gigabytes=cache.max_gigabytes,
            max_ecpu_per_second=cache.max_ecpu_per_second,
            snapshot_days=cache.snapshot_days,
        )
        access_logs = s3.Bucket.from_bucket_name(self, "AccessLogs", security.access_logs.bucket_name)
        self.lake = DataLake(self, "Lake", key=key, access_logs=access_logs, durable=placement.durable)
        self.storefront_table = StorefrontTable(self, "StorefrontTable", key=key, durable=placement.durable)
        storefront = self.import_role("TaskRole", task_role)
        self.lake.allow_writes(storefront, "raw/")
        self.storefront_table.allow_use(storefront)
        if backups:
            self._back_up(backups, key, security.alarm_topic)
        self._migrate_schema(
            FunctionProps(
                package="schema_migrator",
                description="Brings the schema of the database up to date at deployment",
                environment_name=placement.name,
                key=key,
                alarm_topic=security.alarm_topic,
                log_days=log_days,
                concurrency=1,
                network=NetworkAccess(vpc=vpc, security_group=security.tiers.functions),
                base_policy=security.function_policy,
                variables={**self.database_variables(secret), "SAMPLE_CATALOG": str(sample_catalog).lower()},
                timeout_seconds=5 * 60,
            ),
            secret,
        )
        self._publish(placement.parameter_prefix, secret)

    def database_variables(self, secret: secretsmanager.ISecret) -> dict[str, str]:
        """What a function needs to know to reach the writer."""
        return {
            "DATABASE_SECRET_ARN": secret.secret_arn,
            "DATABASE_HOST": self.database.cluster.cluster_endpoint.hostname,
            "DATABASE_PORT": self.database.port,
            "DATABASE_NAME": DATABASE_NAME,
        }

    def _back_up(self, retention: BackupRetention, key: kms.IKey, alarm_topic: sns.ITopic) -> None:
        """Everything that holds data which cannot be computed anew; the cache can, and has snapshots of its own."""
        BackupPlan(
            self,
            "Backups",
            key=key,
            daily_days=retention.daily,
            weekly_days=retention.weekly,
            stores={
                self.database.cluster: self.database.cluster.cluster_arn,
                self.lake.bucket: self.lake.bucket.bucket_arn,
                self.storefront_table.table: self.storefront_table.table.table_arn,
            },
            alarm_topic=alarm_topic,
        )

    def _migrate_schema(self, props: FunctionProps, secret: secretsmanager.ISecret) -> None:
        """Run the migrations after the database exists, and again whenever one was added or the grants changed."""
        migrator = Function(self, "SchemaMigrator", props)
        secret.grant_read(migrator.role)
        domain = ROOT / "lambda_src" / "retail"
        schema = CustomResource(
            self,
            "Schema",
            resource_type="Custom::DatabaseSchema",
            service_token=migrator.function.function_arn,
            service_timeout=Duration.minutes(6),
            properties={"Migrations": fingerprint([*(domain / "migrations").glob("*.sql"), domain / "grants.sql"])},
        )
        schema.node.add_dependency(self.database, migrator)

    def _publish(self, prefix: str, secret: secretsmanager.ISecret) -> None:
        published = {
            "database/cluster-arn": self.database.cluster.cluster_arn,  # with the next one, for ops.staff
            "database/secret-arn": secret.secret_arn,
            "database/writer-endpoint": self.database.cluster.cluster_endpoint.hostname,
            "database/reader-endpoint": self.database.cluster.cluster_read_endpoint.hostname,
            "database/port": self.database.port,
            "database/name": DATABASE_NAME,
            "cache/endpoint": self.cache.endpoint,
            "lake/bucket": self.lake.bucket.bucket_name,
            "storefront/table": self.storefront_table.table.table_name,
        }
        for name, value in published.items():
            words = name.replace("/", "-").split("-")
            parameter = "".join(word.capitalize() for word in [*words, "parameter"])
            ssm.StringParameter(self, parameter, parameter_name=f"{prefix}/{name}", string_value=value)
