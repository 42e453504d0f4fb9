"""The job that makes the lake's raw events into tables, once a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.alarm import HeardAlarm, LifeSignAlarm
from retail_constructs.compliance import acknowledge
from retail_constructs.function import retention
from retail_constructs.glue_security import KEY_ACTIONS, GlueSecurity
from retail_constructs.lake_catalog import QUARANTINE as QUARANTINE_TABLE
from retail_constructs.lake_catalog import LakeCatalog
from retail_constructs.lake_zones import CURATED, QUARANTINE, RAW
from retail_constructs.layer_build import ROOT

AT_NIGHT = "cron(15 2 * * ? *)"  # UTC; the day before is complete in the lake by then
METRICS = "Retail/Lake"  # where each run says what it did with every record it read
WORKERS = 2  # the fewest that Spark on Glue takes: 0.88 USD per hour of run time

_WRITES = ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload")


class DailyEtl(Construct):
    """Runs `etl/curate.py` on Glue 5.1 every night, over the objects that are new since the run before.

    It reads `raw/`, writes `curated/` and `quarantine/`, registers partitions of their tables, counts what it did with
    every record, and nothing else. One retry; a run that fails, is stopped, takes an hour or does not begin calls a
    person, as do records that break their contract and records that are unaccounted for. Glue 5.1 writes its logs
    below a prefix of ours.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket: s3.IBucket,
        catalog: LakeCatalog,
        security: GlueSecurity,
        key: kms.IKey,
        log_days: int,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        log_prefix = f"/retail/{Stack.of(self).stack_name}/etl"
        script = s3_assets.Asset(self, "Script", path=str(ROOT / "etl" / "curate.py"))
        library = s3_assets.Asset(
            self,
            "Library",
            path=str(ROOT / "etl"),
            exclude=["*", "!curation", "!curation/*", "__pycache__"],
            ignore_mode=IgnoreMode.GIT,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        self._allow_lake(bucket, key)
        # A statement each: CDK sorts the resources of one by their digests, so any edit might change the order.
        for sid, asset in (("ReadScript", script), ("ReadLibrary", library)):
            self._allow(sid, ["s3:GetObject"], asset.bucket.arn_for_objects(asset.s3_object_key))
        self._allow(
            "RegisterPartitions",
            ["glue:GetTable", "glue:BatchCreatePartition", "glue:BatchUpdatePartition"],
            *catalog.arns(*catalog.curated, QUARANTINE_TABLE),
        )
        self._allow_metrics()
        groups = [self._log_group(f"{log_prefix}/{stream}", key, log_days) for stream in ("error", "output")]
        self._allow(
            "WriteLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
            *(group.log_group_arn for group in groups),
        )
        self.job = self._job(
            script,
            library,
            security,
            {
                "--lake": bucket.bucket_name,
                "--database": catalog.database_name,
                "--metrics": METRICS,
                "--job-bookmark-option": "job-bookmark-enable",
                "--custom-logGroup-prefix": log_prefix,
            },
        )
        glue.CfnTrigger(
            self,
            "EveryNight",
            type="SCHEDULED",
            schedule=AT_NIGHT,
            start_on_creation=True,
            actions=[glue.CfnTrigger.ActionProperty(job_name=self.job.job_name)],
        )
        self._watch(alarm_topic)

    def records(self, fate: str) -> cloudwatch.Metric:
        """Records of the raw zone that the nightly runs have `Read`, `Curated`, `Quarantined` or left `Unaccounted`."""
        return cloudwatch.Metric(
            namespace=METRICS, metric_name=f"Records{fate}", statistic="sum", period=Duration.days(1)
        )

    def _job(
        self,
        script: s3_assets.Asset,
        library: s3_assets.Asset,
        security: GlueSecurity,
        arguments: Mapping[str, str],
    ) -> glue.PySparkEtlJob:
        return glue.PySparkEtlJob(
            self,
            "Default",
            description="Raw events to typed, deduplicated Parquet",
            role=self.role.without_policy_updates(),  # it would get a wildcard over the bucket of all scripts
            script=glue.Code.from_bucket(script.bucket, script.s3_object_key),
            extra_python_files=[glue.Code.from_bucket(library.bucket, library.s3_object_key)],
            glue_version=glue.GlueVersion.V5_1,
            worker_configuration=glue.WorkerConfiguration(number_of_workers=WORKERS, worker_type=glue.WorkerType.G_1X),
            security_configuration=security,
            default_arguments=arguments,
            continuous_logging=glue.ContinuousLoggingProps(enabled=False),  # an option of before 5.0: always on since
            enable_metrics=False,
            enable_observability_metrics=False,
            max_concurrent_runs=1,
            max_retries=1,
            timeout=Duration.hours(1),
        )

    def _allow_lake(self, bucket: s3.IBucket, key: kms.IKey) -> None:
        written = [bucket.arn_for_objects(zone) for zone in (CURATED, QUARANTINE)]
        self._allow("ListLake", ["s3:ListBucket", "s3:GetBucketLocation"], bucket.bucket_arn)
        self._allow("ReadRaw", ["s3:GetObject"], bucket.arn_for_objects(RAW))
        self._allow("WriteTables", [f"s3:{action}" for action in _WRITES], *written)
        key.grant(self.role, *KEY_ACTIONS)

    def _allow_metrics(self) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="CountRecords",
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": METRICS}},
            )
        )
        acknowledge(
            self,
            "AwsSolutions-IAM5[Resource::*]",
            because="PutMetricData has no resource level; a condition names the one namespace that is written.",
        )

    def _allow(self, sid: str, actions: list[str], *resources: str) -> None:
        self.role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=list(resources)))

    def _log_group(self, name: str, key: kms.IKey, log_days: int) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            f"{name.rpartition('/')[2].capitalize()}Logs",
            log_group_name=name,
            encryption_key=key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _watch(self, topic: sns.ITopic) -> None:
        HeardAlarm(
            self,
            "FailureAlarm",
            metric=self._failures(),
            threshold=1,
            description="The nightly job failed: tables are a day old; read its error log, then start it again",
            runbook="nightly-job-failed",
            topic=topic,
        )
        LifeSignAlarm(
            self,
            "SilenceAlarm",
            metric=self.records("Read").with_(statistic="SampleCount", period=Duration.hours(1)),
            least=1,
            periods=26,  # a day, and as long as a run and its retry take
            description="The nightly job did not run to its end for a day: look at its trigger, then start it",
            runbook="nightly-job-did-not-run",
            topic=topic,
        )
        for fate, description in (
            (
                "Quarantined",
                "Events break their contract: ask the table `quarantine` for the reason, mend the producer",
            ),
            ("Unaccounted", "The nightly job would have lost records, and published nothing: read its log"),
        ):
            HeardAlarm(
                self,
                f"{fate}Alarm",
                metric=self.records(fate),
                threshold=1,
                description=description,
                runbook=f"records-{fate.lower()}",
                topic=topic,
            )

    def _failures(self) -> cloudwatch.Metric:
        """Glue tells of a failed run as an event only: a rule without a target counts them."""
        failed = events.Rule(
            self,
            "Failed",
            event_pattern=events.EventPattern(
                source=["aws.glue"],
                detail_type=["Glue Job State Change"],
                detail={"jobName": [self.job.job_name], "state": ["FAILED", "TIMEOUT", "STOPPED"]},
            ),
        )
        cast(events.CfnRule, failed.node.default_child).targets = []
        return cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="TriggeredRules",
            dimensions_map={"RuleName": failed.rule_name},
            statistic="sum",
            period=Duration.minutes(5),
        )
