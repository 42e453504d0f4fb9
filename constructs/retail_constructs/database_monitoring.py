"""What the database's hosts report every minute: a log of RDS's choosing, made beforehand to be encrypted and kept."""

from __future__ import annotations

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from retail_constructs.function import retention

LOG_GROUP_NAME = "RDSOSMetrics"  # the one that RDS writes to in every account


class DatabaseMonitoring(Construct):
    """A role with which RDS may write enhanced monitoring to its log group, and to no other log.

    AWS's own policy for it, AmazonRDSEnhancedMonitoringRole, covers every log group whose name starts with RDS, and
    lets RDS make the group: one that came back after its stack had gone would stop the next deployment.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, log_days: int) -> None:
        super().__init__(scope, id)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=LOG_GROUP_NAME,
            encryption_key=key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "monitoring.rds.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        log_group.grant(
            self.role,
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
        )
