"""Work in parts, of which Spark's workers take one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import TypeVar

Work = TypeVar("Work")


def evenly(work: Iterable[tuple[Work, int]], at_most: int) -> list[list[Work]]:
    """Pieces of work, of which the size is known and not 0, in parts of about the same size, largest parts first."""
    pieces = sorted(work, key=lambda piece: piece[1], reverse=True)
    parts: list[list[Work]] = [[] for _ in range(min(at_most, len(pieces)))]
    sizes = [(0, number) for number in range(len(parts))]
    heapify(sizes)
    for piece, size in pieces:
        taken, number = heappop(sizes)
        parts[number].append(piece)
        heappush(sizes, (taken + size, number))
    return parts
