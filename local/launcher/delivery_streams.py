"""Firehose as the templates use it: fed by rules, gathering records, and writing them as gzip with its own role.

The emulator's writes every record at once, as it is, with nobody's permission, and knows no rule that feeds it.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.arn import parse_arn
from ministack.services import eventbridge, firehose

from local.launcher.role_sessions import RoleRefusedError, RoleSession, assume

_TICK_SECONDS = 0.25
_RENEWED_BEFORE_SECONDS = 300
_RECORDS_A_CALL = 500
_MEGABYTE = 1024 * 1024

logger = logging.getLogger("delivery")


class _Clients:
    """Clients of the emulated AWS, each with the session of a role."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str], tuple[RoleSession, Any]] = {}

    def of(self, service: str, role: str, principal: str) -> Any:
        """The role's client. Raises RoleRefusedError."""
        kept = self._made.get((service, role, principal))
        if kept is None or kept[0].expires - time.time() < _RENEWED_BEFORE_SECONDS:
            session = assume(role, principal)
            client = boto3.client(  # type: ignore[call-overload]  # any service
                service,
                endpoint_url=f"https://127.0.0.1:{os.environ['GATEWAY_PORT']}",
                region_name=os.environ["MINISTACK_REGION"],
                aws_access_key_id=session.key,
                aws_secret_access_key=session.secret,
                aws_session_token=session.token,
            )
            kept = self._made[service, role, principal] = (session, client)
        return kept[1]


@dataclass(frozen=True)
class _Sent:
    """An event on its way to a stream, and what happens to it when the stream does not take it."""

    stream: str
    role: str
    payload: str
    refuse: Callable[[str], None]


@dataclass
class _Gathered:
    """What a stream holds and has not written yet."""

    stream: dict[str, Any]
    destination: dict[str, Any]
    since: float
    data: bytearray = field(default_factory=bytearray)


class DeliveryStreams:
    """Takes events from rules and records from clients, gathers them, and writes them to S3.

    Every step is a call to the emulated AWS with the role that the template gives it, so that a permission that is
    missing shows: an event that a stream may not take goes to the target's dead-letter queue, as EventBridge does with
    what it may not send; records that cannot be written are kept and tried again.
    """

    def __init__(self) -> None:
        self._clients = _Clients()
        self._sent: queue.SimpleQueue[_Sent] = queue.SimpleQueue()
        self._gathered: dict[str, _Gathered] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Takes the place of the emulator's delivery and works from now on."""
        invoke = eventbridge._invoke_target

        def invoke_stream(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> None:
            if ":firehose:" not in target.get("Arn", ""):
                invoke(target, event, rule, view)
                return
            self._send(target, json.dumps((view or eventbridge._pattern_event_view(event)).event_with_detail()))

        eventbridge._invoke_target = invoke_stream
        firehose._deliver_records_to_s3 = self._gather
        for work in (self._put_what_was_sent, self._write_what_is_due):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def _send(self, target: dict[str, Any], payload: str) -> None:
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        context = copy_context()  # whose account and region

        def refuse(reason: str) -> None:
            logger.error("%s did not take an event: %s", target["Arn"], reason)
            if dead_letters:
                context.run(eventbridge._dispatch_to_sqs, parse_arn(dead_letters), payload)

        self._sent.put(_Sent(target["Arn"].rsplit("/", 1)[-1], target["RoleArn"], payload, refuse))

    def _put_what_was_sent(self) -> None:
        while True:
            together = [self._sent.get()]
            while len(together) < _RECORDS_A_CALL and not self._sent.empty():
                together.append(self._sent.get())
            for stream, role in dict.fromkeys((one.stream, one.role) for one in together):
                ours = [one for one in together if (one.stream, one.role) == (stream, role)]
                try:
                    self._clients.of("firehose", role, "events.amazonaws.com").put_record_batch(
                        DeliveryStreamName=stream, Records=[{"Data": one.payload.encode()} for one in ours]
                    )
                except (RoleRefusedError, ClientError, BotoCoreError) as error:
                    for one in ours:
                        one.refuse(str(error))

    def _gather(self, stream: dict[str, Any], destination: dict[str, Any], records: list[tuple[str, bytes]]) -> None:
        ending = b"\n" if _appends_delimiter(destination["config"]) else b""
        with self._lock:
            gathered = self._gathered.setdefault(stream["arn"], _Gathered(stream, destination, time.monotonic()))
            for _id, record in records:
                gathered.data += record + ending

    def _write_what_is_due(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            with self._lock:
                due = [arn for arn, gathered in self._gathered.items() if _is_due(gathered)]
                taken = [self._gathered.pop(arn) for arn in due]
            for gathered in taken:
                self._write(gathered)

    def _write(self, gathered: _Gathered) -> None:
        settings = gathered.destination["config"]
        now, name = time.gmtime(), gathered.stream["name"]
        moment = firehose._java_time("yyyy-MM-dd-HH-mm-ss", now)
        key = f"{firehose._evaluate_prefix(settings.get('Prefix'), now)}{name}-1-{moment}-{firehose.new_uuid()}"
        body = bytes(gathered.data)
        if settings.get("CompressionFormat") == "GZIP":
            key, body = f"{key}.gz", gzip.compress(body)
        try:
            self._clients.of("s3", settings["RoleARN"], "firehose.amazonaws.com").put_object(
                Bucket=settings["BucketARN"].rpartition(":")[2], Key=key, Body=body
            )
        except (RoleRefusedError, ClientError, BotoCoreError) as error:
            logger.error("%s cannot write %s, and tries again: %s", name, key, error)
            with self._lock:
                newer = self._gathered.get(gathered.stream["arn"])
                gathered.data += newer.data if newer else b""
                gathered.since = time.monotonic()
                self._gathered[gathered.stream["arn"]] = gathered


def _appends_delimiter(settings: dict[str, Any]) -> bool:
    processing = settings.get("ProcessingConfiguration") or {}
    kinds = [processor.get("Type") for processor in processing.get("Processors") or []]
    return bool(processing.get("Enabled")) and "AppendDelimiterToRecord" in kinds


def _is_due(gathered: _Gathered) -> bool:
    hints = gathered.destination["config"].get("BufferingHints") or {}
    age, size = time.monotonic() - gathered.since, len(gathered.data)
    return bool(age >= hints.get("IntervalInSeconds", 300) or size >= hints.get("SizeInMBs", 5) * _MEGABYTE)
