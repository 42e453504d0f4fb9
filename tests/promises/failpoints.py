"""Places where a process may be killed: right before each effect that somebody outside of it could notice.

Only tests install them, by wrapping the ports of the process: the commit of a transaction that wrote something, a
command that changes the cache, a call to another service, an answer to a customer. Dying before one effect is dying
after the one before it, so a run for each effect tries every state that a crash can leave. What a run reaches is
written to a journal, from which the next runs take where to die: no step has to be listed, so none can be forgotten.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, current_thread
from typing import Any

from redis import Redis
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retail.database import Connection, SingleConnection
from storefront.pool import PooledDatabase

READING = frozenset({"GET", "MGET", "HGETALL", "HGET", "EXISTS", "TTL", "PING", "CLIENT", "HELLO"})
KILLED = (-signal.SIGKILL,)
ENDED = (0, -signal.SIGTERM)  # what uvicorn answers to SIGTERM, once it has finished


@dataclass(frozen=True)
class Point:
    """The n-th time a process is about to have one kind of effect."""

    name: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.name} #{self.occurrence}"


class Failpoints:
    """Notes each effect before it happens, and dies of SIGKILL instead of having the fatal one."""

    def __init__(self, journal: Path, fatal: Point | None) -> None:
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._fatal = fatal
        self._reached: Counter[str] = Counter()
        self._lock = Lock()

    def reach(self, effect: str) -> None:
        """Call it right before the effect."""
        name = f"{current_thread().name.split('_')[0]}: {effect}"
        with self._lock:
            self._reached[name] += 1
            point = Point(name, self._reached[name])
            os.write(self._journal, f"{point}\n".encode())
        if point == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Stand before each commit to PostgreSQL and each change in the cache, for the rest of the process's life."""
        for port in (PooledDatabase, SingleConnection):
            self._wrap_transactions(port)
        execute: Callable[..., Any] = Redis.execute_command

        def execute_command(cache: Redis, *command: Any, **options: Any) -> Any:
            if command[0].upper() not in READING:
                self.reach(f"cache {command[0]}")
            return execute(cache, *command, **options)

        setattr(Redis, "execute_command", execute_command)  # noqa: B010 the type of a patched port is not its own

    def _wrap_transactions(self, port: type[PooledDatabase] | type[SingleConnection]) -> None:
        begin: Callable[[Any], AbstractContextManager[Connection]] = port.transaction

        @contextmanager
        def transaction(database: Any) -> Iterator[Connection]:
            with begin(database) as connection:
                yield connection
                wrote = connection.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS wrote").fetchone()
                if wrote is not None and wrote["wrote"]:
                    self.reach("commit")

        setattr(port, "transaction", transaction)  # noqa: B010


class FailingAnswers:
    """An ASGI application that may die before an answer leaves."""

    def __init__(self, application: ASGIApp, failpoints: Failpoints) -> None:
        self._application = application
        self._failpoints = failpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what only looks has no effect."""

        async def send_unless_killed(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] != "GET":
                self._failpoints.reach(f"answer to {scope['method']}")
            await send(message)

        await self._application(scope, receive, send_unless_killed if scope["type"] == "http" else send)


def reached(journal: Path) -> list[Point]:
    """The effects a process had, or was about to have."""
    points = []
    for line in journal.read_text().splitlines():
        name, _, occurrence = line.rpartition(" #")
        points.append(Point(name, int(occurrence)))
    return points
