"""The product page, for strangers and for visitors with a cart, against the bare framework answering the same bytes."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from psycopg.conninfo import make_conninfo

from bench.latency import Latencies, drive_at
from bench.load import Server, drive, started
from bench.machine import Side, machine, processors_of
from bench.shop.premises import PRODUCTS, premises
from ops.synth import ROOT

RESULT = ROOT / "bench" / "results" / "product_page.json"
TARGET = {"share_of_bare": 0.6, "p99_in_p50_at_70_percent": 4.0}
SHOP, BARE, SESSION, ANEW = "shop", "bare", "shop, with a session", "shop, made anew"
WHAT = (
    "shop: GET of a product's page by strangers, all middlewares, log and trace included, from the copy that the "
    "process keeps for a second and makes anew from the cache; bare: FastAPI with one async endpoint that answers the "
    "same bytes, and nothing else. Both one process of uvicorn with uvloop and httptools on one "
    "processor, driven from the others over 32 connections. With a session: the same copy with the visitor's cart and "
    "form token in it, out of their cookies, which are verified. Made anew: from the cache each time."
)
SHARE_OF_PEAK = 0.7


@dataclass(frozen=True)
class Round:
    """What one server did in one round: at its peak, and at 70 % of it."""

    requests_per_second: float
    requests_per_processor_second: float
    p50_milliseconds: float
    p99_milliseconds: float


@dataclass(frozen=True)
class Result:
    """The rounds of each server; those of one number ran one after another."""

    rounds: Mapping[str, Sequence[Round]]

    def share(self, name: str, figure: str = "requests_per_second") -> float:
        """What a server does of what the bare framework does: the middle one of the rounds' ratios."""
        pairs = zip(self.rounds[name], self.rounds[BARE], strict=True)
        return statistics.median(float(getattr(its, figure) / getattr(bare, figure)) for its, bare in pairs)

    def spread(self, name: str) -> float:
        """p99 in p50 at 70 % of peak: the middle one of the rounds."""
        return statistics.median(each.p99_milliseconds / each.p50_milliseconds for each in self.rounds[name])

    def document(self) -> dict[str, Any]:
        """Everything, with what it was measured on, as one JSON document."""
        return {
            "measured_on": machine("fastapi", "starlette", "uvicorn", "uvloop", "httptools"),
            "what": WHAT,
            "target": TARGET,
            "share_of_bare": {name: round(self.share(name), 2) for name in self.rounds if name != BARE},
            "share_of_bare_per_processor_second": {
                name: round(self.share(name, "requests_per_processor_second"), 2)
                for name in self.rounds
                if name != BARE
            },
            "p99_in_p50_at_70_percent": {name: round(self.spread(name), 1) for name in self.rounds},
            "rounds": {
                name: [{figure: round(value, 3) for figure, value in vars(each).items()} for each in rounds]
                for name, rounds in self.rounds.items()
            },
        }


def measure(rounds: int, seconds: float, report: Callable[[int, str], None]) -> Result:
    """All in turn, each for so many seconds; a round before the first is not counted."""
    done: dict[str, list[Round]] = {BARE: [], SHOP: [], SESSION: [], ANEW: []}
    with premises() as place, tempfile.NamedTemporaryFile() as page, ExitStack() as servers:
        conninfo = make_conninfo(place.conninfo, dbname="shop")
        command = (sys.executable, "-m", "bench.shop.serve")
        environment = {"DATABASE": conninfo, "CACHE": place.cache_url, "PAGE": page.name}
        with processors_of(Side.DRIVEN):
            shop = servers.enter_context(started([*command, "storefront", "{port}"], environment))
            address = f"{shop.address}/products/{PRODUCTS[0]}"
            with urllib.request.urlopen(address) as answer:  # noqa: S310 our own server
                Path(page.name).write_bytes(answer.read())
            bare = servers.enter_context(started([*command, "bare", "{port}"], environment))
        servers.enter_context(processors_of(Side.DRIVING))
        addresses = {BARE: f"{bare.address}/page", SHOP: address, SESSION: address, ANEW: f"{address}?no=copy"}
        cookie = _session(shop.address)
        for number in range(rounds + 1):
            for name in done:
                report(number, name)
                headers = {"Cookie": cookie} if name == SESSION else {}
                measured = _round(bare if name == BARE else shop, addresses[name], seconds, headers)
                if number:
                    done[name].append(measured)
    return Result(done)


def _round(server: Server, address: str, seconds: float, headers: Mapping[str, str]) -> Round:
    process = psutil.Process(server.process_id)
    before = process.cpu_times()
    peak = drive(address, seconds=seconds, headers=headers)
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    rate = peak.requests_per_second * SHARE_OF_PEAK
    latencies: Latencies = drive_at(address, rate=rate, seconds=seconds, headers=headers)
    return Round(
        peak.requests_per_second,
        peak.requests / spent,
        latencies.percentile(50),
        latencies.percentile(99),
    )


def _session(address: str) -> str:
    wanted = urllib.request.Request(  # noqa: S310 our own server
        f"{address}/api/cart/items/{PRODUCTS[1]}",
        json.dumps({"quantity": 1}).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(wanted) as answer:  # noqa: S310 our own server
        return "; ".join(value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", []))
