"""The whole platform, deployed once a session through the real CDK command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.platform import EmbeddedPlatform
from local.run_directory import free_port
from tests.platform.deployed import Deployed, quiet
from tests.platform.placed import Placed, place_order


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies beside this file needs the deployed platform."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.platform)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The deployed platform, beside any that a developer has running."""
    embedded = EmbeddedPlatform(tmp_path_factory.mktemp("platform"))
    running = embedded.up(free_port(), quiet)
    yield Deployed(
        address=running.address,
        emulator=running.emulator,
        superuser=embedded.run.facts["database"],
        directory=embedded.run.path,
    )
    embedded.down()


@pytest.fixture(scope="session")
def order(platform: Deployed) -> Placed:
    """The one order whose way through the platform is looked at."""
    return place_order(platform)
