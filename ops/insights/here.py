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
            raise NoPlatformError("The platform does not run here: `make up`, or name curated files with `--curated`")
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
                file.write_bytes(self._read(entry["Key"]))
        return directory

    def put(self, key: str, content: bytes) -> None:
        """Put an object into the lake."""
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)

    def arrivals(self) -> Iterator[Arrival]:
        """Every event of the raw zone, as often as it came: from when it happened until its object was there.

        S3 tells whole seconds. What is no event is left out here; the nightly job puts it into quarantine.
        """
        for entry in self._objects(RAW):
            body = self._read(entry["Key"])
            lines = gzip.decompress(body) if entry["Key"].endswith(".gz") else body
            prefix = "/".join(entry["Key"].split("/")[:2]) + "/"
            for line in lines.splitlines():
                event = _envelope(line)
                if event is not None:
                    waited = entry["LastModified"] - datetime.fromisoformat(event["occurred_at"])
                    yield Arrival(event["event_id"], prefix, max(waited.total_seconds(), 0))

    def _objects(self, prefix: str) -> Iterator[Any]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get("Contents", [])

    def _read(self, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content


def _envelope(line: bytes) -> dict[str, str] | None:
    """The envelope of a raw line, in either of its two forms; None where it is none."""
    try:
        event = json.loads(line)
        found: dict[str, str] = event.get("detail", event)
        datetime.fromisoformat(found["occurred_at"])
        return found if "event_id" in found else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
