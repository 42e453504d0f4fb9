"""What later stacks own and publish: read when needed, kept once found, asked for again while missing."""

import time
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from retail.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAMES = (
    "database/writer-endpoint",
    "database/reader-endpoint",
    "database/port",
    "database/name",
    "cache/endpoint",
    "lake/bucket",
    "events/bus",
)  # fewer than ten, so one GetParameters call reads them all

SECONDS_BETWEEN_TRIES = 2.0


class DiscoveryIncompleteError(Exception):
    """Something that the shop needs is not published (yet)."""


class Discovery(Protocol):
    """Where things are."""

    def value(self, name: str) -> str:
        """The value published under this name; raises DiscoveryIncompleteError while there is none."""

    def missing(self) -> list[str]:
        """The names that are not published yet."""


class ParameterDiscovery:
    """Reads SSM parameters below a prefix, at most every two seconds, and only as long as one is missing."""

    def __init__(self, client: "SSMClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._found: Mapping[str, str] = {}
        self._next_try = 0.0
        self._lock = Lock()

    def value(self, name: str) -> str:
        """The value of one parameter; raises DiscoveryIncompleteError, which names it, while there is none."""
        if name not in self._found:
            self._read()
        try:
            return self._found[name]
        except KeyError:
            raise DiscoveryIncompleteError(f"{self._prefix}/{name} is not published yet") from None

    def missing(self) -> list[str]:
        """The parameters that are not published yet."""
        if len(self._found) < len(NAMES):
            self._read()
        return [f"{self._prefix}/{name}" for name in NAMES if name not in self._found]

    def _read(self) -> None:
        with self._lock:
            if time.monotonic() < self._next_try:
                return
            self._next_try = time.monotonic() + SECONDS_BETWEEN_TRIES
            try:
                answer = self._client.get_parameters(Names=[f"{self._prefix}/{name}" for name in NAMES])
            except (BotoCoreError, ClientError) as error:
                logger.warning("discovery failed, it is tried again", error=describe(error))
                return
            self._found = {
                parameter["Name"].removeprefix(f"{self._prefix}/"): parameter["Value"]
                for parameter in answer["Parameters"]
            }
