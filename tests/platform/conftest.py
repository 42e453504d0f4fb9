"""The whole platform, deployed once a session through the real CDK command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator import Emulator
from local.platform import EmbeddedPlatform
from tests.log_watch import private_in
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
    running = embedded.up(0, quiet)
    try:
        yield Deployed.of(embedded, running)
        said = list(_everything_that_was_logged(running.emulator))
        storefront = embedded.run.log("storefront").read_text(errors="replace").splitlines()
    finally:
        embedded.down()
    assert said, "no function has logged anything"
    assert storefront, "the storefront has logged nothing"
    for line in said + storefront:
        assert private_in(line) == [], f"a log line says: {line[:500]}"


def _everything_that_was_logged(emulator: Emulator) -> Iterator[str]:
    logs = emulator.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from (event["message"] for event in page["events"])


@pytest.fixture(scope="session")
def order(platform: Deployed) -> Placed:
    """The one order whose way through the platform is looked at."""
    return place_order(platform)
