"""The Glue catalog over the lake: its database and the tables that the nightly job writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from retail_constructs.layer_build import ROOT

TABLES_FILE = ROOT / "etl" / "curation" / "tables.json"
QUARANTINE = "quarantine"

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


class LakeCatalog(Construct):
    """The database `name` with a table for each of `etl/curation/tables.json`; crawlers add the raw tables.

    Curated tables are made here and not crawled, for the job that writes them knows their types: both read that file.
    Their partitions are registered by the job, because Redshift sees registered ones only.
    """

    def __init__(self, scope: Construct, id: str, *, name: str, bucket: s3.IBucket) -> None:
        super().__init__(scope, id)
        self._bucket = bucket
        database = glue.CfnDatabase(
            self,
            "Default",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=name, description="Raw and curated tables of the lake"
            ),
        )
        self.database_name = database.ref
        contract = json.loads(TABLES_FILE.read_text())
        self._partition = contract["partition"]
        self.curated = [f"curated_{name}" for name in contract["curated"]]
        for name, table in contract["curated"].items():
            self._add_table(f"curated_{name}", f"curated/{name}/", table)
        self._add_table(QUARANTINE, f"{QUARANTINE}/", contract["quarantine"])

    def _add_table(self, name: str, folder: str, table: Mapping[str, Any]) -> glue.CfnTable:
        return glue.CfnTable(
            self,
            "".join(word.capitalize() for word in name.removeprefix("curated_").split("_")),
            catalog_id=Stack.of(self).account,
            database_name=self.database_name,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                description=table["description"],
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet", "EXTERNAL": "TRUE"},
                partition_keys=[glue.CfnTable.ColumnProperty(**self._partition)],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=f"s3://{self._bucket.bucket_name}/{folder}",
                    columns=[glue.CfnTable.ColumnProperty(**column) for column in table["columns"]],
                    input_format=f"{_PARQUET}.MapredParquetInputFormat",
                    output_format=f"{_PARQUET}.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{_PARQUET}.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )

    def arns(self, *tables: str) -> list[str]:
        """The catalog, the database and these tables of it: what a policy on a table has to name."""
        stack, name = Stack.of(self), self.database_name
        parts = [("catalog", None), ("database", name), *(("table", f"{name}/{table}") for table in tables)]
        return [stack.format_arn(service="glue", resource=resource, resource_name=path) for resource, path in parts]
