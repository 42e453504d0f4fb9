"""A checkout over HTTP against the bare SQL of its transaction."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from bench.load import served
from bench.shop.bare_sql import Recorder, Transaction, run_again
from bench.shop.premises import DELIVERY, PRODUCTS, Premises, premises
from bench.shop.rounds import BARE, SHOP, Rounds
from ops.synth import ROOT
from retail.checkout import Customer, check_out

RESULT = ROOT / "bench" / "results" / "checkout.json"
TARGET = {"cost_in_bare_costs": 3.0}
WHAT = (
    "shop: POST /api/orders of a cart of three products, from the first byte sent to the last one received, one after "
    "another over one connection; bare: the same statements of the same transaction over one psycopg connection. Both "
    "on one PostgreSQL that writes each commit to the disk."
)
ORDERS = 60  # a round
LINES = 3


def measure(rounds: int, report: Callable[[int, str], None]) -> Rounds:
    """Both in turn, on copies of one database; a round before the first is not counted."""
    seconds: dict[str, list[float]] = {SHOP: [], BARE: []}
    with premises() as place:
        with place.copy("shop") as conninfo:
            transactions = _record(conninfo)
        for number in range(rounds + 1):
            for name in (SHOP, BARE):
                report(number, name)
                spent = _shop(place) if name == SHOP else _bare(place, transactions)
                if number:
                    seconds[name].append(spent)
    return Rounds(seconds)


def _cart(number: int) -> list[UUID]:
    return [PRODUCTS[(number * LINES + line) % len(PRODUCTS)] for line in range(LINES)]


def _record(conninfo: str) -> list[Transaction]:
    recorder = Recorder(conninfo)
    for number in range(ORDERS):
        customer = Customer("k" * 64, "somebody@example.com", "tok_visa", DELIVERY, visit_id="v" * 32)
        check_out(recorder, dict.fromkeys(_cart(number), 1), customer, correlation_id="c" * 36)
    return recorder.transactions


def _bare(place: Premises, transactions: list[Transaction]) -> float:
    spent = []
    with place.copy("shop") as conninfo, psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as connection:
        for transaction in transactions:
            began = time.perf_counter()
            run_again(connection, [transaction])
            spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def _shop(place: Premises) -> float:
    spent = []
    with place.copy("shop") as conninfo:
        command = (sys.executable, "-m", "bench.shop.serve", "storefront", "{port}")
        with served(command, {"DATABASE": conninfo, "CACHE": place.cache_url}) as address:
            customer = HTTPConnection(urlsplit(address).netloc)
            headers = {"Content-Type": "application/json"}
            for number in range(ORDERS):
                for product in _cart(number):
                    cookie, _ = _ask(customer, "PUT", f"/api/cart/items/{product}", {"quantity": 1}, headers)
                    headers |= {"Cookie": cookie} if cookie else {}
                wanted = {
                    "email": "somebody@example.com",
                    "payment_token": "tok_visa",
                    "delivery": DELIVERY.model_dump(),
                }
                _, took = _ask(customer, "POST", "/api/orders", wanted, headers)
                spent.append(took)
    return statistics.median(spent)


def _ask(
    customer: HTTPConnection, method: str, path: str, body: Mapping[str, object], headers: dict[str, str]
) -> tuple[str, float]:
    """The session's cookie, if the answer sets it, and how long it took."""
    content = json.dumps(body)
    began = time.perf_counter()
    customer.request(method, path, content, headers)
    answer = customer.getresponse()
    text = answer.read()
    took = time.perf_counter() - began
    if answer.status not in (200, 201):
        raise RuntimeError(f"{method} {path} answered {answer.status}: {text.decode()}")
    cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return next((cookie for cookie in cookies if cookie.startswith("session=")), ""), took
