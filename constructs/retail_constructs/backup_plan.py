"""Backups of every data store: daily, and weekly ones kept longer, in a vault that nobody can empty."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Tags
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct, IConstruct

from retail_constructs.compliance import acknowledge
from retail_constructs.log_bucket import removal_policy

TAG, TAG_VALUE = "backup", "daily"
# Until then a mistaken lock can be taken back; afterwards not even the account's owner shortens what is kept.
LOCK_CHANGEABLE_DAYS = 7
_POLICIES = ("service-role/AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup")
# The tag is for what AWS Backup can back up: on Aurora's instances and subnet group it would name the cluster twice.
_STORE_TYPES = ["AWS::RDS::DBCluster", "AWS::DynamoDB::Table", "AWS::S3::Bucket"]
# How a job can end without a recovery point; the vault's own notifications of these are no longer sent.
_WITHOUT_A_BACKUP = ["FAILED", "ABORTED", "EXPIRED"]


class BackupPlan(Construct):
    """Recovery points of everything tagged `backup=daily`, encrypted with `key`, in a locked vault.

    Daily points are kept `daily_days`, those of Sundays `weekly_days`; the lock refuses a shorter or longer time. The
    vault outlives its stack. `stores` (construct → ARN) get the tag and are named besides, so that a template shows
    what is covered. A job that ends without a backup is told to `alarm_topic`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        key: kms.IKey,
        daily_days: int,
        weekly_days: int,
        stores: Mapping[IConstruct, str],
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        vault = backup.BackupVault(
            self,
            "Vault",
            encryption_key=key,
            lock_configuration=backup.LockConfiguration(
                min_retention=Duration.days(daily_days),
                max_retention=Duration.days(weekly_days),
                changeable_for=Duration.days(LOCK_CHANGEABLE_DAYS),
            ),
            removal_policy=removal_policy(durable=True),
        )
        plan = backup.BackupPlan(self, "Default", backup_vault=vault)
        plan.add_rule(_rule("Daily", week_day="MON-SAT", kept_for=daily_days))
        plan.add_rule(_rule("Weekly", week_day="SUN", kept_for=weekly_days))
        for store in stores:
            Tags.of(store).add(TAG, TAG_VALUE, include_resource_types=_STORE_TYPES)
        backup.BackupSelection(
            self,
            "Selection",
            backup_plan=plan,
            role=self._role(key),
            resources=[
                backup.BackupResource.from_tag(TAG, TAG_VALUE),
                *(backup.BackupResource.from_arn(arn) for arn in stores.values()),
            ],
            disable_default_backup_policy=True,
        )
        self._tell_of_failures(alarm_topic)

    def _role(self, key: kms.IKey) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("backup.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in _POLICIES],
        )
        key.grant(role, "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
        acknowledge(
            role,
            *(f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]" for name in _POLICIES),
            because="AWS Backup's own policies, kept in step with the services it reads. Only AWS Backup may assume "
            "the role, and the vault's lock keeps what it wrote.",
        )
        return role

    def _tell_of_failures(self, alarm_topic: sns.ITopic) -> None:
        rule = events.CfnRule(
            self,
            "Failures",
            event_pattern={
                "source": ["aws.backup"],
                "detail-type": ["Backup Job State Change"],
                "detail": {"state": _WITHOUT_A_BACKUP},  # of any vault: the account is the environment's own
            },
            targets=[events.CfnRule.TargetProperty(id="Alarms", arn=alarm_topic.topic_arn)],
        )
        acknowledge(
            rule,
            "Serverless-EventBusDLQ",
            because="EventBridge tries for a day to reach the alarm topic, and what it tells stands in AWS Backup's "
            "list of jobs, too. A queue for untold alarms would need an alarm itself.",
        )


def _rule(name: str, *, week_day: str, kept_for: int) -> backup.BackupPlanRule:
    """At five in the morning UTC, when the shop is at its quietest; begun within an hour, done within six."""
    return backup.BackupPlanRule(
        rule_name=name,
        schedule_expression=events.Schedule.cron(week_day=week_day, hour="5", minute="0"),
        start_window=Duration.hours(1),
        completion_window=Duration.hours(6),
        delete_after=Duration.days(kept_for),
    )
