"""`docs/performance.md`: every target and what was measured last, out of `bench/results/`."""

from __future__ import annotations

import json
from typing import Any

from bench.imports import CLIENT
from ops.synth import ROOT

REPORT = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "bench" / "results"

_HEAD = """# How fast it is

Written by `python -m bench report` out of `bench/results/`, whose files say what exactly was measured, on what, round
by round. Every figure is a ratio to a yardstick that ran beside it: medians of rounds run in turn. None is a timed
test: a machine that does other things besides tells wrong times. Counted by processor second that hardly matters.

| what | target | measured | |
|---|---|---|---|
"""
_FOOT = """
- **Product page:** what visitors get, with every middleware, log and trace, from the copy of a second ago (see
  [decisions](decisions.md)); for one with a session with their cart and form token in it. *Made anew* is what it costs
  from the cache, a thread and a template: so is any page that nobody asked this process for a second ago. *Bare* is
  FastAPI with one async endpoint that answers the same bytes, under the same server with the same settings. Server and
  load have a processor each. By the clock a share above 100 % says only that the machine was taken more from one than
  from the other.
- **The tail** counts from the moment a request was due, at 70 % of the peak measured a moment before. The bare
  framework's own, beside it, is the least that the machine of that hour could show.
- **Checkout:** `POST /api/orders` over HTTP against the same statements in the same transaction over one connection,
  one after another. The shop sends most of them in one go, so it may come near its yardstick.
- **Order processor:** ten messages an invocation, S3 and EventBridge answering at once, against all its SQL.
- **Nightly job:** every size against Spark reading the same JSON and writing it as Parquet: as one would write that
  first, which finds the types in a pass of its own, and *the types given*, which is one pass as the job's own. In the
  lake are repeated, late and broken records, too. Growth is what a record costs in processor time, at each size in that
  of the size before. A night is one more day for a full lake. Above a load of 2, which is as many as there are cores,
  others took the machine, from one more than from another: the clock says little then, the processor more.
- **Imports:** processor seconds of importing each function, against `import boto3`. The functions import boto3 with
  their first message, so the second row, without a target, goes on to the first client that is made, on both sides.

Measure again: `python -m bench product-page`, `checkout`, `order-processor`, `imports`, `synth`, `etl`, then `report`.
"""


_READING = {
    "read the JSON, write Parquet": "which finds the types itself",
    "the same, with the types given": "the types given",
}


def write() -> str:
    """The text, out of the results as they are."""
    rows = [*_page(), *_checkout(), *_order_processor(), *_etl(), *_imports()]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows) + _FOOT


def _page() -> list[tuple[str, str, str, str]]:
    page = _result("product_page")
    share, of_processor = page["share_of_bare"], page["share_of_bare_per_processor_second"]
    spread, target = page["p99_in_p50_at_70_percent"], page["target"]
    asked = f"at least {target['share_of_bare']:.0%} of bare"
    tail = f"under {target['p99_in_p50_at_70_percent']:.0f} times p50"
    return [
        (
            "product page, requests a second of the processor",
            asked,
            f"{of_processor['shop']:.0%}",
            _verdict(of_processor["shop"] >= target["share_of_bare"]),
        ),
        (
            "the same by the clock",
            asked,
            f"{share['shop']:.0%}",
            _verdict(share["shop"] >= target["share_of_bare"]),
        ),
        (
            "product page for a visitor with a session",
            asked,
            f"{of_processor['shop, with a session']:.0%}",
            _verdict(of_processor["shop, with a session"] >= target["share_of_bare"]),
        ),
        ("product page made anew from the cache", "", f"{of_processor['shop, made anew']:.0%}", ""),
        (
            "product page, p99 at 70 % of peak",
            tail,
            f"{spread['shop']:.1f} times (bare {spread['bare']:.1f})",
            _verdict(spread["shop"] < target["p99_in_p50_at_70_percent"]),
        ),
    ]


def _checkout() -> list[tuple[str, str, str, str]]:
    checkout = _result("checkout")
    most, cost = checkout["target"]["cost_in_bare_costs"], checkout["cost_in_bare_costs"]
    return [("checkout", f"at most {most:.0f} times its bare SQL", f"{cost:.2f} times", _verdict(cost <= most))]


def _order_processor() -> list[tuple[str, str, str, str]]:
    processor = _result("order_processor")
    least, rate = processor["target"]["rate_of_bare_rate"], processor["rate_of_bare_rate"]
    return [("order processor", f"at least {least:.0%} of its bare SQL's rate", f"{rate:.0%}", _verdict(rate >= least))]


def _etl() -> list[tuple[str, str, str, str]]:
    if not (RESULTS / "etl.json").exists():
        return []
    etl, rows = _result("etl"), []
    load = etl["measured_on"]["load"]
    least, most, scan = (etl["targets"][name] for name in ("ratio", "growth", "scanned"))
    for size in etl["sizes"]:
        job = f"nightly job, {size['events']:,} events"
        night = f"{size['ratio_of_a_night']:.0%} of reading and writing that day"
        for yardstick, types in _READING.items():
            ratio, of_processor = size["ratio"][yardstick], size["ratio_by_processor_seconds"][yardstick]
            rows.append(
                (
                    f"{job}, records a second",
                    f"at least {least:.0%} of Spark reading and writing, {types}",
                    f"{ratio:.0%} (by processor second {of_processor:.0%}; load {load})",
                    _verdict(ratio >= least),
                )
            )
        rows += [
            (f"{job}, a night", "", f"{night}, {size['night_records']:,} records", ""),
            (
                f"{job}, daily revenue's bytes",
                f"under {scan:.0%} of the raw JSON",
                f"{size['scanned']:.1%}",
                _verdict(size["scanned"] < scan),
            ),
        ]
    for size, step in zip(etl["sizes"][1:], etl["growth"], strict=True):
        grown = f"nightly job, cost of a record at {size['events']:,} events"
        rows.append((grown, f"at most {most:.2f} of the size before", f"{step:.2f}", _verdict(step <= most)))
    return rows


def _imports() -> list[tuple[str, str, str, str]]:
    imports = _result("imports")
    most, ratios = imports["target"], imports["ratios"]
    alone = [name for name in ratios if not name.endswith(CLIENT)]
    rows = []
    for what, names in (("imports", alone), (f"imports{CLIENT}", [name + CLIENT for name in alone])):
        slowest = max(names, key=ratios.__getitem__)
        figure = f"{ratios[slowest]:.2f} times ({slowest.removesuffix(CLIENT)}, the most)"
        judged = names is alone
        rows.append(
            (
                what,
                f"at most {most} times a bare handler" if judged else "",
                figure,
                _verdict(ratios[slowest] <= most) if judged else "",
            )
        )
    return rows


def _verdict(kept: bool) -> str:
    return "kept" if kept else "**not kept**"


def _result(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return document
