"""Ways to look into the deployed platform from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx2 as httpx
import psycopg
from psycopg.rows import dict_row

from local.emulator import Emulator
from local.platform import Detail, EmbeddedPlatform, Running

Found = TypeVar("Found")
PATIENCE_SECONDS = 180.0
CONSUMERS = ("OrderProcessing", "InventoryUpdate", "Notification")


@contextmanager
def quiet(_name: str) -> Iterator[Detail]:
    """A step nobody watches."""
    yield lambda _detail: None


def eventually(look: Callable[[], Found], seconds: float = PATIENCE_SECONDS) -> Found:
    """What `look` returns once it is true; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {seconds} s"
        time.sleep(0.2)
    return found


@dataclass(frozen=True)
class Deployed:
    """The deployed platform as an outsider finds it: by its stacks' resources, through the APIs of AWS."""

    address: str
    emulator: Emulator
    superuser: str
    directory: Path
    environment: str = "dev"

    @classmethod
    def of(cls, embedded: EmbeddedPlatform, running: Running, environment: str = "dev") -> Deployed:
        """What was just started."""
        database, directory = embedded.run.facts["database"], embedded.run.path
        return cls(running.address, running.emulator, database, directory, environment)

    def shop(self) -> httpx.Client:
        """A new customer."""
        return httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS)

    @cached_property
    def _resources(self) -> dict[str, dict[str, str]]:
        cloudformation = self.emulator.client("cloudformation")
        stacks = [stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]]
        return {
            stack: {
                resource["LogicalResourceId"]: resource["PhysicalResourceId"]
                for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
            }
            for stack in stacks
        }

    def resource(self, stack: str, name: str) -> str:
        """The physical id of the one resource whose logical id is `name` and CDK's eight-digit suffix."""
        resources = self._resources[f"retail-{self.environment}-{stack}"]
        matches = [physical for logical, physical in resources.items() if logical in (name, f"{name}{logical[-8:]}")]
        assert len(matches) == 1, f"{name} among {sorted(resources)}"
        return matches[0]

    def parameter(self, name: str) -> str:
        """What the deployed stacks publish under this name."""
        path = f"/retail/{self.environment}/{name}"
        value: str = self.emulator.client("ssm").get_parameter(Name=path)["Parameter"]["Value"]
        return value

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the deployed database."""
        conninfo = self.superuser.replace("dbname=postgres", f"dbname={self.parameter('database/name')}")
        with psycopg.connect(conninfo, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def logs(self, stack: str, function: str) -> list[str]:
        """What a function has written into its deployed log group."""
        group = self.resource(stack, f"{function}Logs")
        pages = self.emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    def is_drained(self, consumer: str) -> bool:
        """Whether the consumer has nothing waiting and nothing in hand."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queue = self.resource("events", f"{consumer}Queue")
        found = self.emulator.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return all(found[name] == "0" for name in names)

    def is_at_rest(self) -> bool:
        """Whether every event is on the bus, and every consumer done with all of them."""
        published = not self.rows("SELECT FROM outbox WHERE published_at IS NULL")
        return published and all(map(self.is_drained, CONSUMERS))

    def messages(self, queue_url: str) -> list[Any]:
        """What lies in a queue now, read without taking it away, each as JSON."""
        sqs, found = self.emulator.client("sqs"), []
        while read := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=60).get(
            "Messages"
        ):
            found += read
        for message in found:
            sqs.change_message_visibility(
                QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return [json.loads(message["Body"]) for message in found]
