"""The lake of the embedded platform: its curated files, and how long events took into it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from local.emulator import Emulator
from local.run_directory import RunDirectory
from ops.insights.figures import Arrival

CURATED, RAW = "curated/", "raw/"


class NoPlatformError(Exception):
    """Nothing runs on this machine that could be asked."""


class LakeHere:
    """The bucket of a running embedded platform."""

    def __init__(self, directory: Path) -> None:
        """Raises NoPlatformError when nothing runs in that directory."""
        run = RunDirectory(directory)
        if not run.is_running("emulator"):
            raise NoPlatformError("The platform does not run here: `make up` starts it")
        emulator = Emulator.model_validate_json(run.facts["emulator"])
        self._s3 = emulator.client("s3")
        parameter = emulator.client("ssm").get_parameter(Name="/retail/dev/lake/bucket")
        self._bucket: str = parameter["Parameter"]["Value"]

    def copy_curated(self, directory: Path) -> Path:
        """Every file of the curated tables below `directory`, in the folders that it has in the lake."""
        for entry in self._objects(CURATED):
            if entry["Key"].endswith(".parquet"):
                file = directory / entry["Key"].removeprefix(CURATED)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self.read(entry["Key"]))
        return directory

    def keys(self, prefix: str) -> list[str]:
        """Of every object whose key begins like this."""
        return [entry["Key"] for entry in self._objects(prefix)]

    def read(self, key: str) -> bytes:
        """What an object holds."""
        content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content

    def put(self, key: str, content: bytes) -> None:
        """Put an object into the lake."""
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)

    def arrivals(self) -> Iterator[Arrival]:
        """Every event that the bus delivered: from when it happened until its object was there, in S3's whole seconds.

        What others put into the raw zone is left out, for a history that somebody wrote down has taken no time.
        """
        for entry in self._objects(RAW):
            if entry["Key"].endswith(".gz"):
                prefix = "/".join(entry["Key"].split("/")[:2]) + "/"
                for line in gzip.decompress(self.read(entry["Key"])).splitlines():
                    event = _delivered(line)
                    if event is not None:
                        waited = entry["LastModified"] - datetime.fromisoformat(event["occurred_at"])
                        yield Arrival(event["event_id"], prefix, max(waited.total_seconds(), 0))

    def _objects(self, prefix: str) -> Iterator[Any]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get("Contents", [])


def _delivered(line: bytes) -> dict[str, str] | None:
    """The envelope of an event as the bus carried it; None for any other line, which the nightly job looks after."""
    try:
        envelope: dict[str, str] = json.loads(line)["detail"]
        datetime.fromisoformat(envelope["occurred_at"])
        return envelope if "event_id" in envelope else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
