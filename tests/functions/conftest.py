"""The shop of these tests, and what surrounds a function: its batch, its context, its log."""

import io
import logging
from collections.abc import Iterator

import pytest

from retail import consumer
from retail.dead_letters import DeadLetters
from retail.observability import logger
from tests.functions.cloudformation import CloudFormation
from tests.functions.graveyard import Graveyard
from tests.retail.shop import shop as shop


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Every line that is logged during the test, as it would reach CloudWatch."""
    lines = io.StringIO()
    watcher = logging.StreamHandler(lines)
    watcher.setFormatter(logger.registered_formatter)
    logger.addHandler(watcher)
    yield lines
    logging.getLogger(logger.name).removeHandler(watcher)


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    """Who asks a custom resource, and waits for its answer."""
    cloudformation = CloudFormation()
    yield cloudformation
    cloudformation.close()


@pytest.fixture(autouse=True)
def graveyard(monkeypatch: pytest.MonkeyPatch) -> Graveyard:
    """The dead-letter queue of the function that is tested."""
    graveyard = Graveyard()
    letters = DeadLetters(graveyard, "https://sqs/dead", receives_before_dead=3)  # type: ignore[arg-type]
    monkeypatch.setattr(consumer, "dead_letters", lambda: letters)
    return graveyard
