"""The order processor, batch by batch as Lambda calls it, against the bare SQL of the same batches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg
from aws_lambda_powertools.utilities.typing import LambdaContext
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from bench.shop.bare_sql import Recorder, Transaction, run_again
from bench.shop.premises import DELIVERY, PRODUCTS, premises
from bench.shop.rounds import BARE, SHOP, Rounds
from ops.synth import ROOT
from order_processor import handler as order_processor
from retail.bus import EventBridgeBus
from retail.checkout import Customer, check_out
from retail.database import Database, SingleConnection
from retail.lake import Lake
from retail.payments import PaymentSimulator
from retail.settlement import Settlement

RESULT = ROOT / "bench" / "results" / "order_processor.json"
TARGET = {"rate_of_bare_rate": 0.5}
WHAT = (
    "shop: ten OrderPlaced messages an invocation of the handler, with the payment simulator and with S3 and "
    "EventBridge answering at once; bare: all statements of the same invocations in the same transactions over one "
    "psycopg connection. For each batch of ten; both on one PostgreSQL that writes each commit to the disk."
)
BATCH, BATCHES = 10, 12


class Nearby:
    """S3 and EventBridge, as far as they are asked: they take everything at once."""

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Keep an object."""
        return {}

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 the API's own name
        """Take events."""
        return {"Entries": [{"EventId": "1"} for _ in Entries], "FailedEntryCount": 0}


def measure(rounds: int, report: Callable[[int, str], None]) -> Rounds:
    """Both in turn, on copies of one database with the same orders; a round before the first is not counted."""
    seconds: dict[str, list[float]] = {SHOP: [], BARE: []}
    with premises() as place:
        batches = _place_orders(make_conninfo(place.conninfo, dbname="shop"))
        with place.copy("shop") as conninfo:
            recorder = Recorder(conninfo)
            _process(recorder, batches)
        for number in range(rounds + 1):
            for name in (SHOP, BARE):
                report(number, name)
                with place.copy("shop") as conninfo:
                    spent = _shop(conninfo, batches) if name == SHOP else _bare(conninfo, recorder.transactions)
                if number:
                    seconds[name].append(spent / BATCHES)
    return Rounds(seconds)


def _place_orders(conninfo: str) -> list[dict[str, Any]]:
    """The batches of messages that the queue would deliver for orders placed now, whose events are published."""
    database = SingleConnection(lambda: conninfo)
    customer = Customer(session_key="k" * 64, email="somebody@example.com", payment_token="tok_visa", delivery=DELIVERY)  # noqa: S106
    for number in range(BATCH * BATCHES):
        quantities = {PRODUCTS[number % 100]: 1, PRODUCTS[number % 100 + 100]: 1}
        check_out(database, quantities, customer, correlation_id="c" * 36)
    with database.transaction() as connection:
        rows = connection.execute(
            "UPDATE outbox SET published_at = now() RETURNING source, detail_type, detail"
        ).fetchall()
    database.close()
    bodies = [
        json.dumps({"detail-type": row["detail_type"], "source": row["source"], "detail": row["detail"]})
        for row in rows
        if row["detail_type"] == "OrderPlaced"
    ]
    return [_batch(bodies[start : start + BATCH]) for start in range(0, len(bodies), BATCH)]


def _batch(bodies: list[str]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": str(position),
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
            }
            for position, body in enumerate(bodies)
        ]
    }


def _shop(conninfo: str, batches: list[dict[str, Any]]) -> float:
    database = SingleConnection(lambda: conninfo)
    try:
        with database.transaction() as connection:
            connection.execute("SELECT 1")  # the connection is open before either is timed
        began = time.perf_counter()
        _process(database, batches)
        return time.perf_counter() - began
    finally:
        database.close()


def _process(database: Database, batches: list[dict[str, Any]]) -> None:
    nearby: Any = Nearby()
    settlement = Settlement(
        database=database, lake=Lake(nearby, "lake"), gateway=PaymentSimulator(), bus=EventBridgeBus(nearby, "bus")
    )
    order_processor.settlement = lambda: settlement  # type: ignore[assignment]  # a cached function elsewhere
    for batch in batches:
        answer = order_processor.handler(batch, LambdaContext())
        if answer["batchItemFailures"]:
            raise RuntimeError(f"the order processor failed on {answer['batchItemFailures']}")


def _bare(conninfo: str, transactions: list[Transaction]) -> float:
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("SELECT 1")
        began = time.perf_counter()
        run_again(connection, transactions)
        return time.perf_counter() - began
