"""The lake's objects as Spark's workers read and write them: each in a process of its own, maybe on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from curation.packing import Place


class Files(Protocol):
    """Objects of the lake, as a worker reads and writes them."""

    def read(self, key: str) -> bytes | None:
        """The object's content, None where there is none."""

    def open(self, key: str) -> BinaryIO:
        """The object's content, to be read bit by bit."""

    def parts(self, places: Sequence[Place]) -> Sequence[bytes]:
        """Parts of objects, each where it lies."""

    def write(self, key: str, content: bytes) -> None:
        """Put the object, over what was there."""
