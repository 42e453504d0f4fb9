"""Where a history goes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Protocol

from ops.insights.here import LakeHere


class Target(Protocol):
    """Takes the members of each object in order, and closes with all of them there."""

    def append(self, key: str, member: bytes) -> None:
        """Put `member` after what the object holds."""

    def close(self) -> None:
        """Everything is there."""


class DirectoryTarget:
    """A folder; what it held of a history before is written over."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._begun: set[str] = set()

    def append(self, key: str, member: bytes) -> None:
        path = self._directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if key in self._begun else "wb") as file:
            file.write(member)
        self._begun.add(key)

    def close(self) -> None:
        """The files are there already."""

    def __str__(self) -> str:
        return str(self._directory)


class PlatformTarget:
    """The lake of the platform that runs in `directory`, through S3's API. Raises NoPlatformError."""

    def __init__(self, directory: Path) -> None:
        self._lake = LakeHere(directory)
        self._scratch = tempfile.TemporaryDirectory(prefix="history-")
        self._files = DirectoryTarget(Path(self._scratch.name))

    def append(self, key: str, member: bytes) -> None:
        self._files.append(key, member)

    def close(self) -> None:
        root = Path(self._scratch.name)
        for path in sorted(root.rglob("*.gz")):
            self._lake.put(path.relative_to(root).as_posix(), path.read_bytes())
        self._scratch.cleanup()

    def __str__(self) -> str:
        return "the lake of this machine's platform"
