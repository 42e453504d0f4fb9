"""The lake's objects as Spark's workers read and write them: each in a process of its own, maybe on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from curation.packing import Place


class MissingObjectError(RuntimeError):
    """There is no such object."""


class Files(Protocol):
    """Objects of the lake, as a worker reads and writes them."""

    def contents(self, keys: Sequence[str]) -> Sequence[bytes]:
        """What the objects hold, in this order. Raises MissingObjectError."""

    def open(self, key: str) -> BinaryIO:
        """The object's content, to be read bit by bit."""

    def parts(self, places: Sequence[Place]) -> Sequence[bytes]:
        """Parts of objects, each where it lies."""

    def write(self, key: str, content: bytes) -> None:
        """Put the object, over what was there."""
