"""The shop's database: Aurora Serverless v2 PostgreSQL, a writer and a reader."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.database_monitoring import DatabaseMonitoring
from retail_constructs.function import NetworkAccess, retention
from retail_constructs.log_bucket import removal_policy

PORT = 5432
DATABASE_NAME = "retail"
# Slow and failing statements, without what they were about: PostgreSQL would add their parameters, and quote the row
# that broke a rule. Addresses, names and password hashes are among both.
STATEMENT_LOG = {
    "log_min_duration_statement": "500",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


class AuroraServerless(Construct):
    """A writer and a reader in isolated subnets of two zones, encrypted with `key`, TLS enforced by the server.

    The secret is attached here, so that it holds the endpoint beside the credentials. Capacity in ACU; a minimum
    of 0 pauses both instances when idle (resume about 15 s). `name` is needed: the log group of the exported logs
    bears it, and is made beforehand to be encrypted and kept `log_days`. Nobody deletes the cluster by mistake:
    `ops.teardown` lifts the protection.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        network: NetworkAccess,
        secret: secretsmanager.ISecret,
        key: kms.IKey,
        log_days: int,
        min_acu: float,
        max_acu: float,
        backup_days: int,
        alarm_topic: sns.ITopic,
        durable: bool,
    ) -> None:
        super().__init__(scope, id)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/rds/cluster/{name}/postgresql",
            encryption_key=key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        monitoring = DatabaseMonitoring(self, "Monitoring", key=key, log_days=log_days)
        zones = _zones(network)
        engine = rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_9)
        self.cluster = rds.DatabaseCluster(
            self,
            "Default",
            cluster_identifier=name,
            engine=engine,
            writer=_instance("Writer", zone=zones[0], key=key),
            # As large as the writer at any time, for it is the one that takes over.
            readers=[_instance("Reader", zone=zones[1], key=key, scale_with_writer=True)],
            serverless_v2_min_capacity=min_acu,
            serverless_v2_max_capacity=max_acu,
            vpc=network.vpc,
            vpc_subnets=network.subnets,
            security_groups=[network.security_group],
            credentials=rds.Credentials.from_secret(secret),
            default_database_name=DATABASE_NAME,
            port=PORT,
            storage_encrypted=True,
            storage_encryption_key=key,
            iam_authentication=True,
            enable_data_api=True,
            backup=rds.BackupProps(retention=Duration.days(backup_days)),
            copy_tags_to_snapshot=True,
            cloudwatch_logs_exports=["postgresql"],
            enable_performance_insights=True,
            performance_insight_encryption_key=key,
            monitoring_interval=Duration.seconds(60),
            monitoring_role=monitoring.role,
            parameter_group=rds.ParameterGroup(
                self,
                "Parameters",
                engine=engine,
                description="The shop's database: TLS only, slow statements logged",
                parameters={"rds.force_ssl": "1", **STATEMENT_LOG},
            ),
            deletion_protection=True,
            removal_policy=removal_policy(durable=durable),
        )
        self.cluster.node.add_dependency(log_group, monitoring)
        HeardAlarm(
            self,
            "CapacityAlarm",
            metric=self.cluster.metric_acu_utilization(period=Duration.minutes(1), statistic="max"),
            threshold=90,
            description="The database is close to its upper capacity; look at slow statements, then raise the maximum",
            runbook="database-at-its-capacity",
            topic=alarm_topic,
            periods=10,
        )
        acknowledge(
            self.cluster,
            *in_packs("RDSInBackupPlan", "NIST.800.53.R5", "HIPAA.Security"),
            because="The rule looks for instances in a backup plan; Aurora is backed up as a cluster, which the plan "
            "of durable environments names, and it restores by itself to any second of its retention.",
        )

    @property
    def port(self) -> str:
        """The port that the deployed cluster says it listens on, as it stands in variables and parameters."""
        return Token.as_string(self.cluster.cluster_endpoint.port)


def _zones(network: NetworkAccess) -> list[str]:
    """Those of the subnets, as the network's stack tells: RDS would choose at random, perhaps one for both."""
    subnets = network.vpc.select_subnets(subnet_group_name=network.tier).subnets
    return [cast(ec2.Subnet, subnet).subnet_availability_zone for subnet in subnets]


def _instance(id: str, *, zone: str, key: kms.IKey, scale_with_writer: bool | None = None) -> rds.IClusterInstance:
    return rds.ClusterInstance.serverless_v2(
        id,
        availability_zone=zone,
        publicly_accessible=False,
        scale_with_writer=scale_with_writer,
        enable_performance_insights=True,
        performance_insight_encryption_key=key,
    )
