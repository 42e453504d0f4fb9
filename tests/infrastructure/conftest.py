"""Every environment synthesized once a session."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from environments import ENVIRONMENTS
from tests.infrastructure.synthesis import Synthesized, synthesize


@pytest.fixture(scope="session", autouse=True)
def collected_at_the_end() -> Iterator[None]:
    """Let the exit find what a synthesis has put aside: DuckDB takes what nobody collects for a leak, and says so."""
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synthesized]:
    """Gives the synthesized environment of a name, made on first use."""
    return cache(lambda name: synthesize(name, tmp_path_factory.mktemp(name.replace(" ", "-"))))


@pytest.fixture(scope="session")
def dev(platforms: Callable[[str], Synthesized]) -> Synthesized:
    """The environment that costs least."""
    return platforms("dev")


@pytest.fixture(scope="session")
def prod(platforms: Callable[[str], Synthesized]) -> Synthesized:
    """The environment that the requirements describe."""
    return platforms("prod")


@pytest.fixture(params=list(ENVIRONMENTS))
def platform(request: pytest.FixtureRequest, platforms: Callable[[str], Synthesized]) -> Synthesized:
    """Each environment in turn."""
    return platforms(request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests on one worker, where the session's synthesis is."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("infrastructure"))
