"""The raw zone of the data lake."""

import json
from datetime import UTC
from typing import TYPE_CHECKING

from retail.events import BusEvent, Topic, topic_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FOLDERS: dict[Topic, str] = {"orders": "raw/orders/", "inventory": "raw/inventory/", "products": "raw/products/"}


class Lake:
    """Keeps events as they came, one object each; archiving an event again overwrites it with the same content."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def archive(self, event: BusEvent) -> str:
        """Put the event as one line of JSON into the folder of its topic and its day (UTC); returns the key."""
        folder = _FOLDERS[topic_of(event.detail_type)]
        key = f"{folder}date={event.detail.occurred_at.astimezone(UTC):%Y-%m-%d}/{event.detail.event_id}.json"
        line = json.dumps({"detail_type": event.detail_type, "source": event.source, **event.detail.as_json()})
        self._client.put_object(Bucket=self._bucket, Key=key, Body=line.encode(), ContentType="application/json")
        return key
