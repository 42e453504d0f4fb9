"""A whole history, told by all processors and written in one order."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from ops.history.lake import Target, key_of
from ops.history.story import Story
from ops.history.telling import tell


def write(story: Story, target: Target, told: Callable[[], None] = lambda: None) -> int:
    """Write the history, calling `told` after each day; how many records there are.

    Each day of a prefix is one object of gzip members, one for each day on which something began that went on then.
    """
    records = 0
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for objects, count in pool.map(partial(tell, story), story.dates):
            for prefix, day in sorted(objects):
                target.append(key_of(prefix, day), objects[prefix, day])
            records += count
            told()
    target.close()
    return records
