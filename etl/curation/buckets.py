"""A lake in a bucket: on Glue, whose Spark knows S3, or on a machine whose Spark does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from curation.files import Files, MissingObjectError
from curation.lake import Content, DirectoryLake, Stored
from curation.packing import Place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16
_SOMEBODY_ELSE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})  # swapped before us
_CONDITION: ContextVar[Mapping[str, str] | None] = ContextVar("_CONDITION", default=None)  # of the swap under way


def _add_condition(params: dict[str, Any], **_: object) -> None:
    """Put it into the headers of its request: the boto3 of Glue may be older than the parameters."""
    params["headers"].update(_CONDITION.get() or {})


def s3() -> S3Client:
    """A client with a connection for each of the objects that are read at once."""
    return boto3.client("s3", config=Config(max_pool_connections=_AT_ONCE))


class BucketLake:
    """A lake in a bucket that Spark reads and writes by itself, as on Glue."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket = client, bucket
        self.uri = f"s3://{bucket}"
        # Once and for all: a handler that comes and goes may be overlooked while other threads call.
        client.meta.events.register("before-call.s3.PutObject", _add_condition)

    def list(self, prefix: str) -> Iterator[Stored]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield Stored(item["Key"], item["Size"], item["ETag"])

    def folder(self, prefix: str) -> tuple[Sequence[Stored], Sequence[str]]:
        stored, folders = [], []
        listing = self._client.get_paginator("list_objects_v2")
        for page in listing.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/"):
            stored += [Stored(item["Key"], item["Size"], item["ETag"]) for item in page.get("Contents", [])]
            folders += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        return stored, folders

    def read(self, key: str) -> bytes | None:
        found = self.read_version(key)
        return found.content if found else None

    def content(self, key: str) -> bytes:
        """The object's content. Raises MissingObjectError."""
        content = self.read(key)
        if content is None:
            raise MissingObjectError(f"{self.uri}/{key}")
        return content

    def part(self, place: Place) -> bytes:
        """A part of an object."""
        asked = f"bytes={place.begin}-{place.begin + place.size - 1}"
        return self._client.get_object(Bucket=self._bucket, Key=place.key, Range=asked)["Body"].read()

    def open(self, key: str) -> BinaryIO:
        return cast(BinaryIO, self._client.get_object(Bucket=self._bucket, Key=key)["Body"])

    def read_version(self, key: str) -> Content | None:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        return Content(found["Body"].read(), found["ETag"])

    def swap(self, key: str, content: bytes, version: str | None) -> str | None:
        condition = _CONDITION.set({"If-None-Match": "*"} if version is None else {"If-Match": version})
        try:
            return self._client.put_object(Bucket=self._bucket, Key=key, Body=content)["ETag"]
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _SOMEBODY_ELSE:
                return None
            raise
        finally:
            _CONDITION.reset(condition)

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def copy(self, source: str, target: str) -> None:
        try:
            self._client.copy({"Bucket": self._bucket, "Key": source}, self._bucket, target)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in {"404", "NoSuchKey"}:
                raise MissingObjectError(f"{self.uri}/{source}") from refusal
            raise

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:  # the batch call's partial errors are easy to overlook, and there are few
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        return [f"{self.uri}/{key}" for key in keys]

    def writable(self, prefix: str) -> str:
        return f"{self.uri}/{prefix}"

    def written(self, prefix: str) -> Sequence[str]:
        return [stored.key for stored in self.list(f"{prefix}/") if stored.key.endswith(".parquet")]

    def files(self) -> Files:
        return BucketFiles(self._bucket)


class BucketFiles:
    """Objects of a bucket on any machine of Spark's, with the rights that this has."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def contents(self, keys: Sequence[str]) -> Sequence[bytes]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(_lake_of_this_process(self._bucket).content, keys))

    def open(self, key: str) -> BinaryIO:
        return _lake_of_this_process(self._bucket).open(key)

    def parts(self, places: Sequence[Place]) -> Sequence[bytes]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(_lake_of_this_process(self._bucket).part, places))

    def write(self, key: str, content: bytes) -> None:
        _lake_of_this_process(self._bucket).write(key, content)


@cache
def _lake_of_this_process(bucket: str) -> BucketLake:
    """No client can be sent to another process."""
    return BucketLake(s3(), bucket)


class MirroredLake(BucketLake):
    """A lake in a bucket on a machine whose Spark knows no S3: what it reads and writes passes through a folder."""

    def __init__(self, client: S3Client, bucket: str, mirror: Path) -> None:
        super().__init__(client, bucket)
        self._mirror = mirror

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        def fetch(key: str) -> str:
            path = self._mirror / key
            path.parent.mkdir(parents=True, exist_ok=True)
            self._client.download_file(self._bucket, key, str(path))
            return str(path)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(fetch, keys))

    def writable(self, prefix: str) -> str:
        return str(self._mirror / prefix)

    def written(self, prefix: str) -> Sequence[str]:
        files = sorted((self._mirror / prefix).rglob("*.parquet"))
        keys = [file.relative_to(self._mirror).as_posix() for file in files]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._client.upload_file, map(str, files), [self._bucket] * len(keys), keys))
        return keys

    def files(self) -> Files:
        return DirectoryLake(self._mirror)
