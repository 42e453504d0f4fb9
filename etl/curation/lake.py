"""The lake's objects, and where Spark finds them: a bucket on Glue, a mirrored bucket or a folder on one machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16


@dataclass(frozen=True)
class Stored:
    """One object: its key, its bytes, and a version that changes with its content."""

    key: str
    size: int
    version: str


class Lake(Protocol):
    """Objects by key. Writing, copying and deleting one are atomic; doing so to several is not."""

    @property
    def uri(self) -> str:
        """What the catalog calls the lake's root."""

    def list(self, prefix: str) -> Iterator[Stored]:
        """Every object whose key begins with `prefix`, in the order of keys."""

    def read(self, key: str) -> bytes | None:
        """The object's content, None where there is none."""

    def write(self, key: str, content: bytes) -> None:
        """Put the object, over what was there."""

    def copy(self, source: str, target: str) -> None:
        """Put what is at `source` at `target`, over what was there."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these objects; those that are gone already do not matter."""

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        """Paths by which Spark reads these objects."""

    def writable(self, prefix: str) -> str:
        """The path at which Spark writes what is to be under `prefix`."""

    def written(self, prefix: str) -> Sequence[str]:
        """The keys of the data that Spark wrote at `writable(prefix)`, now in the lake."""


class DirectoryLake:
    """A lake in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.uri = self._root.as_uri()

    def list(self, prefix: str) -> Iterator[Stored]:
        folder = (self._root / prefix) if prefix.endswith("/") else (self._root / prefix).parent
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            key, state = path.relative_to(self._root).as_posix(), path.stat()
            if key.startswith(prefix):
                yield Stored(key, state.st_size, f"{state.st_size}-{state.st_mtime_ns}")

    def read(self, key: str) -> bytes | None:
        path = self._root / key
        return path.read_bytes() if path.exists() else None

    def write(self, key: str, content: bytes) -> None:
        half = self._half(key)
        half.write_bytes(content)
        half.replace(self._root / key)

    def copy(self, source: str, target: str) -> None:
        half = self._half(target)
        shutil.copyfile(self._root / source, half)
        half.replace(self._root / target)

    def _half(self, key: str) -> Path:
        """Beside the object, under a name that no reader takes for data."""
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_name(f".{path.name}.{os.getpid()}")

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self._root / key).unlink(missing_ok=True)

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        return [str(self._root / key) for key in keys]

    def writable(self, prefix: str) -> str:
        return str(self._root / prefix)

    def written(self, prefix: str) -> Sequence[str]:
        return [stored.key for stored in self.list(f"{prefix}/") if stored.key.endswith(".parquet")]


class BucketLake:
    """A lake in a bucket that Spark reads and writes by itself, as on Glue."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket = client, bucket
        self.uri = f"s3://{bucket}"

    def list(self, prefix: str) -> Iterator[Stored]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield Stored(item["Key"], item["Size"], item["ETag"])

    def read(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def copy(self, source: str, target: str) -> None:
        self._client.copy({"Bucket": self._bucket, "Key": source}, self._bucket, target)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:  # the batch call's partial errors are easy to overlook, and there are few
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def readable(self, keys: Sequence[str]) -> Sequence[str]:
        return [f"{self.uri}/{key}" for key in keys]

    def writable(self, prefix: str) -> str:
        return f"{self.uri}/{prefix}"

    def written(self, prefix: str) -> Sequence[str]:
        return [stored.key for stored in self.list(f"{prefix}/") if stored.key.endswith(".parquet")]


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
