"""No search for garbage while nothing becomes garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage within, nor ever again among what is there at the end.

    An app and all that belongs to it live as long as their process. Python would go through them again and again while
    they grow, and once more when it exits: a fifth of a synthesis.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
