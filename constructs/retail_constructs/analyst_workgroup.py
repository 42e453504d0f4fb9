"""Where analysts ask: an Athena workgroup that nobody can make expensive or leaky, and the questions asked first."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.lake_catalog import LakeCatalog
from retail_constructs.layer_build import ROOT

GIGABYTE = 10**9
SCANNED_AT_MOST = 10 * GIGABYTE  # by one query: 5 cents at 5 USD per TB
RESULTS_PREFIX = "athena-results/"


class AnalystWorkgroup(Construct):
    """The workgroup `name`: results encrypted with `key` below `athena-results/`, whatever a client asks for.

    A query that would scan more than 10 GB is cancelled. Each file of `etl/queries/` is a named query; its first line
    is a comment that says what it answers.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        bucket: s3.IBucket,
        catalog: LakeCatalog,
        key: kms.IKey,
        durable: bool,
    ) -> None:
        super().__init__(scope, id)
        self.workgroup = athena.CfnWorkGroup(
            self,
            "Default",
            name=name,
            description="Queries over the lake's tables",
            recursive_delete_option=not durable,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                bytes_scanned_cutoff_per_query=SCANNED_AT_MOST,
                publish_cloud_watch_metrics_enabled=True,
                requester_pays_enabled=False,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{bucket.bucket_name}/{RESULTS_PREFIX}",
                    expected_bucket_owner=Stack.of(self).account,
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=key.key_arn
                    ),
                ),
            ),
        )
        for file in sorted((ROOT / "etl" / "queries").glob("*.sql")):
            self._add_query(file, catalog.database_name)

    def _add_query(self, file: Path, database: str) -> None:
        text = file.read_text()
        athena.CfnNamedQuery(
            self,
            "".join(word.capitalize() for word in file.stem.split("_")),
            name=file.stem.replace("_", "-"),
            description=text.partition("\n")[0].removeprefix("-- "),
            database=database,
            query_string=text,
            work_group=self.workgroup.ref,
        )
