"""The job's words to AWS besides S3: partitions for the catalog, numbers for the alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from curation.accounting import Account
from curation.publication import CatalogError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_glue import GlueClient

_AT_ONCE = 100  # partitions a call takes


class GlueCatalog:
    """Registers partitions with Glue, where Athena and Redshift look for them."""

    def __init__(self, client: GlueClient, database: str) -> None:
        self._client, self._database = client, database

    def register(self, table: str, days: Iterable[str]) -> None:
        """Make the days partitions of the table, with the columns that it has now, those that are there already, too.

        Raises CatalogError with Glue's words if there is no such table, or if it refuses a day.
        """
        wanted = sorted(set(days))
        try:
            storage = self._client.get_table(DatabaseName=self._database, Name=table)["Table"]["StorageDescriptor"]
            for start in range(0, len(wanted), _AT_ONCE):
                self._register(table, storage, wanted[start : start + _AT_ONCE])
        except ClientError as refusal:
            raise CatalogError(f"Glue refused partitions of {table}: {refusal}") from refusal

    def _register(self, table: str, storage: Any, days: Sequence[str]) -> None:
        root = storage["Location"].rstrip("/")
        partitions: list[Any] = [
            {"Values": [day], "StorageDescriptor": {**storage, "Location": f"{root}/date={day}/"}} for day in days
        ]
        created = self._client.batch_create_partition(
            DatabaseName=self._database, TableName=table, PartitionInputList=partitions
        )
        errors = created.get("Errors", [])
        there = [e["PartitionValues"] for e in errors if e["ErrorDetail"]["ErrorCode"] == "AlreadyExistsException"]
        refused: list[Any] = [e for e in errors if e["PartitionValues"] not in there]
        if there:  # of before a column was added, perhaps
            updated = self._client.batch_update_partition(
                DatabaseName=self._database,
                TableName=table,
                Entries=[
                    {"PartitionValueList": each["Values"], "PartitionInput": each}
                    for each in partitions
                    if each["Values"] in there
                ],
            )
            refused += updated.get("Errors", [])
        if refused:
            raise CatalogError(f"Glue refused partitions of {table}: {refused}")


class NoCatalog:
    """For a lake in a folder, whose readers look at the folders."""

    def register(self, table: str, days: Iterable[str]) -> None:
        """There is nobody to tell."""


class Metrics:
    """Sends each account to CloudWatch, where alarms watch what is broken and what is unaccounted for."""

    def __init__(self, client: CloudWatchClient, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    def __call__(self, account: Account) -> None:
        """Send the numbers of one run."""
        values = {
            "RecordsRead": account.read,
            "RecordsCurated": account.curated,
            "RecordsDuplicated": account.duplicates,
            "RecordsQuarantined": account.quarantined,
            "RecordsMisplaced": account.misplaced,
            "RecordsAhead": account.ahead,
            "RecordsUnaccounted": abs(account.unaccounted),
        }
        self._client.put_metric_data(
            Namespace=self._namespace,
            MetricData=[{"MetricName": name, "Value": value, "Unit": "Count"} for name, value in values.items()],
        )
