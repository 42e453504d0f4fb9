"""The shop's processes as they run here: forked, wired to the world, and killed where a test says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from inventory_handler import handler as inventory_handler
from order_processor import handler as order_processor
from retail import clients, outbox, stripe_account
from retail.bus import EventBridgeBus
from retail.cache import connect_cache
from retail.money import Money
from retail.payments import PaymentOutcome
from retail.roles import FUNCTIONS
from retail.settings import DatabaseSettings
from retail.stripe_account import StripeAccount
from retail.stripe_gateway import StripeGateway
from storefront import ending, relay
from storefront.__main__ import serve
from storefront.application import create_application
from tests import patience
from tests.functions.invocation import Context, failed
from tests.promises.failpoints import FailingAnswers, Failpoints, Point
from tests.promises.world import CONSUMERS, World
from tests.retail.stripe_api import KEY
from tests.storefront.published import plain_resources, published

MOST_DELIVERIES = 20


class FailingGateway:
    """Stripe's adapter as it is, which may die before it asks the bank."""

    def __init__(self, bank: str, failpoints: Failpoints) -> None:
        self._gateway = StripeGateway(StripeAccount(lambda: KEY, base_address=bank))
        self._failpoints = failpoints

    def charge(self, *, order_id: UUID, amount: Money, token: str, asked_since: datetime) -> PaymentOutcome:
        """As the port says."""
        self._failpoints.reach("charge")
        return self._gateway.charge(order_id=order_id, amount=amount, token=token, asked_since=asked_since)

    def refund(self, *, order_id: UUID, amount: Money, reference: str) -> str:
        """As the port says."""
        self._failpoints.reach("refund")
        return self._gateway.refund(order_id=order_id, amount=amount, reference=reference)


def run_storefront(conninfo: str, cache_url: str, journal: Path, fatal: Point | None, port: int) -> None:
    """Serve until told to stop, and then until everything is published."""
    world, failpoints = _wire(conninfo, journal, fatal)
    relay.SECONDS_BETWEEN_LOOKS = 0.1
    relay.SECONDS_TO_STOP = ending.SECONDS_TO_PUT_AWAY = patience.SECONDS
    resources = plain_resources(published(conninfo, cache_url))
    resources.bus = EventBridgeBus(world, "RetailEventBus")  # type: ignore[arg-type]
    serve(FailingAnswers(create_application(resources), failpoints), host="127.0.0.1", port=port)


def run_functions(conninfo: str, cache_url: str, journal: Path, fatal: Point | None, bank: str) -> None:
    """Deliver what lies in the queues, as Lambda does, until nothing is left."""
    world, failpoints = _wire(conninfo, journal, fatal)
    stripe_account.SECONDS_TO_CONNECT = stripe_account.SECONDS_TO_ANSWER = patience.SECONDS
    for client in ("events", "s3", "sns"):
        setattr(clients, client, lambda: world)
    replacements: list[tuple[Any, str, Callable[..., Any]]] = [
        (DatabaseSettings, "conninfo", lambda _: f"{conninfo} options='-c role={FUNCTIONS}'"),
        (inventory_handler, "connect_cache", partial(connect_cache, scheme="redis")),
        (order_processor, "gateway_named", lambda *_, **__: FailingGateway(bank, failpoints)),
    ]
    for port, name, replacement in replacements:
        setattr(port, name, replacement)
    os.environ |= {
        "RETAIL_ENVIRONMENT": "test",
        "DATABASE_SECRET_ARN": "arn",
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "test",
        "LAKE_BUCKET": "lake",
        "EVENT_BUS_NAME": "RetailEventBus",
        "PAYMENT_GATEWAY": "stripe",
        "CACHE_ENDPOINT": published(conninfo, cache_url)["cache/endpoint"],
        "TOPIC_ARN": "arn:aws:sns:us-east-2:1:orders",
    }
    for _ in range(MOST_DELIVERIES):
        delivered = [_deliver(world, consumer) for consumer in CONSUMERS]
        if not any(delivered):
            return
    raise TimeoutError("the queues do not become empty")


def _wire(conninfo: str, journal: Path, fatal: Point | None) -> tuple[World, Failpoints]:
    log = os.open(journal.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    outbox.CLAIM_SECONDS = 1  # or each restart would wait for a minute
    patience.be_patient()  # or a run on a busy machine would have other effects than the one before it
    failpoints = Failpoints(journal, fatal)
    failpoints.install()
    return World(conninfo, failpoints), failpoints


def _deliver(world: World, consumer: str) -> bool:
    messages = world.receive(consumer)
    if messages:
        records = [
            {"messageId": str(message["id"]), "body": message["body"], "eventSource": "aws:sqs", "attributes": {}}
            for message in messages
        ]
        left = failed(CONSUMERS[consumer].handler({"Records": records}, Context()))
        for message in messages:
            if str(message["id"]) not in left:
                world.delete(message["id"])
    return bool(messages)
