"""The Glue catalog over the lake: its database and the curated tables."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

ORDERS = "curated_orders"

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
# As etl/curate_orders.py writes them: one row per order that was placed.
_ORDER_COLUMNS = {
    "event_id": "string",
    "order_id": "string",
    "occurred_at": "timestamp",
    "correlation_id": "string",
    "currency": "string",
    "total": "decimal(12,2)",
    "lines": "array<struct<product_id:string,sku:string,name:string,quantity:int,unit_price:decimal(12,2)>>",
}


class LakeCatalog(Construct):
    """The database `name` with the table `curated_orders`; crawlers add the raw tables.

    Curated tables are made here and not crawled, for the job that writes them knows their types. Its partitions are
    registered by the job, because Redshift sees registered ones only.
    """

    def __init__(self, scope: Construct, id: str, *, name: str, bucket: s3.IBucket) -> None:
        super().__init__(scope, id)
        account = Stack.of(self).account
        database = glue.CfnDatabase(
            self,
            "Default",
            catalog_id=account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=name, description="Raw and curated tables of the lake"
            ),
        )
        self.database_name = database.ref
        self.orders = glue.CfnTable(
            self,
            "Orders",
            catalog_id=account,
            database_name=self.database_name,
            table_input=glue.CfnTable.TableInputProperty(
                name=ORDERS,
                description="One row per order that was placed",
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet", "EXTERNAL": "TRUE"},
                partition_keys=[glue.CfnTable.ColumnProperty(name="date", type="string")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=f"s3://{bucket.bucket_name}/curated/orders/",
                    columns=[glue.CfnTable.ColumnProperty(name=n, type=t) for n, t in _ORDER_COLUMNS.items()],
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
