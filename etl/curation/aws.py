"""The job's words to AWS besides S3: partitions for the catalog, numbers for the alarms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from curation.accounting import Account

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_glue import GlueClient

_AT_ONCE = 100  # partitions a call takes


class GlueCatalog:
    """Registers partitions with Glue, where Athena and Redshift look for them."""

    def __init__(self, client: GlueClient, database: str) -> None:
        self._client, self._database = client, database

    def register(self, table: str, days: Iterable[str]) -> None:
        """Make the days partitions of the table; raises RuntimeError with Glue's words if it refuses one."""
        storage = self._client.get_table(DatabaseName=self._database, Name=table)["Table"]["StorageDescriptor"]
        root = storage["Location"].rstrip("/")
        wanted = [
            {"Values": [day], "StorageDescriptor": {**storage, "Location": f"{root}/date={day}/"}}
            for day in sorted(set(days))
        ]
        for start in range(0, len(wanted), _AT_ONCE):
            answer = self._client.batch_create_partition(
                DatabaseName=self._database,
                TableName=table,
                PartitionInputList=wanted[start : start + _AT_ONCE],  # type: ignore[arg-type]  # as Glue gave it
            )
            refused = [
                error
                for error in answer.get("Errors", [])
                if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException"
            ]
            if refused:
                raise RuntimeError(f"Glue refused partitions of {table}: {refused}")


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
