"""The history is one the shop could have had, and the same one each time."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from ops.history.__main__ import history
from ops.history.lake import DirectoryTarget
from ops.history.mishaps import LATE_AT_MOST, NONE, Mishaps
from ops.history.story import EVENTS_OF_A_VISIT, VISITS_A_DAY, Story, black_friday, busyness
from ops.history.telling import tell
from ops.history.writing import write
from retail.events import Envelope, Payload
from tests.etl.lakes import TestLake

STORY = Story(seed=7, last_day=date(2026, 11, 30), days=30, customers=400)
MODELS = {model.detail_type: model for model in Payload.__subclasses__()}


@pytest.fixture(scope="module")
def events() -> list[tuple[str, date, dict[str, Any]]]:
    """Prefix, day and content of every event of the story."""
    told = [tell(STORY, day)[0] for day in STORY.dates]
    return [
        (prefix, day, json.loads(line))
        for objects in told
        for (prefix, day), member in objects.items()
        for line in gzip.decompress(member).splitlines()
    ]


def of(events: list[tuple[str, date, dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    """The payloads of one type."""
    return [event["payload"] for _, _, event in events if event["detail_type"] == name]


def test_every_event_keeps_its_contract_and_lies_in_its_place(events: list[tuple[str, date, dict[str, Any]]]) -> None:
    for prefix, day, event in events:
        envelope = Envelope.model_validate(event)
        payload = MODELS[event["detail_type"]].model_validate(event["payload"])
        assert set(event["payload"]) <= set(type(payload).model_fields)
        assert envelope.occurred_at.date() == day
        assert STORY.first_day <= day <= STORY.last_day
        assert (prefix == "inventory") == event["detail_type"].startswith("Inventory")
        assert (prefix == "products") == (event["detail_type"] == "ProductChanged")


def test_every_event_of_the_shop_occurs_once_each(events: list[tuple[str, date, dict[str, Any]]]) -> None:
    ids = [event["event_id"] for _, _, event in events]

    assert {event["detail_type"] for _, _, event in events} == set(MODELS)
    assert len(set(ids)) == len(ids)


def test_orders_end_as_orders_do(events: list[tuple[str, date, dict[str, Any]]]) -> None:
    placed = {payload["order_id"] for payload in of(events, "OrderPlaced")}
    paid = {payload["order_id"] for payload in of(events, "PaymentProcessed")}
    failed = {payload["order_id"] for payload in of(events, "OrderPaymentFailed")}
    shipped = {payload["order_id"] for payload in of(events, "OrderShipped")}
    returned = {payload["order_id"] for payload in of(events, "OrderReturned")}
    refunded = {payload["order_id"] for payload in of(events, "PaymentRefunded")}
    visits = {payload["visit_id"] for payload in of(events, "ProductAddedToCart")}

    assert paid | failed <= placed
    assert not paid & failed
    assert returned <= shipped <= paid
    assert refunded <= paid
    assert len(placed) < len(visits) / 2  # most carts never become an order
    assert 0.01 < len(failed) / len(placed) < 0.1


def test_weeks_hours_peak_and_favourites_show(events: list[tuple[str, date, dict[str, Any]]]) -> None:
    days = Counter(day for _, day, event in events if event["detail_type"] == "OrderPlaced")
    hours = Counter(event["occurred_at"][11:13] for _, _, event in events if event["detail_type"] == "OrderPlaced")
    products = Counter(payload["product_id"] for payload in of(events, "ProductAddedToCart"))

    assert black_friday(2026) == date(2026, 11, 27)
    assert max(days, key=lambda day: days[day]) == date(2026, 11, 27)
    assert hours["20"] > 4 * hours["03"]
    assert products.most_common(1)[0][1] > 10 * products.most_common()[100][1]


def test_a_third_of_the_customers_of_ninety_days_comes_again() -> None:
    story = dataclasses.replace(STORY, days=90, customers=200)
    told = [json.loads(line) for _, line in lines_of(story) if '"OrderPlaced"' in line]
    orders = Counter(event["payload"]["customer_id"] for event in told if event["payload"]["customer_id"])

    assert 0.25 < sum(1 for number in orders.values() if number > 1) / len(orders) < 0.45


def test_number_of_events_can_be_foretold(events: list[tuple[str, date, dict[str, Any]]]) -> None:
    visits = sum(busyness(day) for day in STORY.dates) * VISITS_A_DAY * STORY.customers

    assert len(events) / visits == pytest.approx(EVENTS_OF_A_VISIT, rel=0.15)


def lines_of(story: Story) -> list[tuple[date, str]]:
    """Every record of the story, with the day of its object."""
    told = [tell(story, day)[0] for day in story.dates]
    return [
        (day, line)
        for objects in told
        for (_, day), member in objects.items()
        for line in gzip.decompress(member).decode().splitlines()
    ]


def happened(line: str) -> date:
    """The day of a sound event."""
    return datetime.fromisoformat(json.loads(line)["occurred_at"]).date()


def test_mishaps_happen_to_orders_as_often_as_asked_and_change_nothing_else() -> None:
    told = lines_of(STORY)
    of_catalog = {(day, line) for day, line in told if '"source": "retail.catalog"' in line}
    smooth = {line for day, line in told if (day, line) not in of_catalog}
    everything = lines_of(dataclasses.replace(STORY, mishaps=Mishaps(duplicates=0.05, late=0.04, broken=0.03)))
    assert of_catalog <= set(everything)
    arrived = [(day, line) for day, line in everything if (day, line) not in of_catalog]
    times = Counter(line for _, line in arrived)
    settled = {line for line in smooth if happened(line) <= STORY.last_day - timedelta(days=LATE_AT_MOST)}
    sound = [(day, line) for day, line in arrived if line in settled]
    late = [day for day, line in sound if day != happened(line)]

    assert sum(1 for line in settled if times[line] == 2) / len(settled) == pytest.approx(0.05, rel=0.2)
    assert max(times.values()) == 2
    assert sum(1 for line in settled if not times[line]) / len(settled) == pytest.approx(0.03, rel=0.2)
    assert sum(1 for _, line in arrived if line not in smooth) / len(smooth) == pytest.approx(0.03, rel=0.2)
    assert len(late) / len(settled) == pytest.approx(0.04 + 0.05 / 2, rel=0.2)
    assert all(0 <= (day - happened(line)).days <= LATE_AT_MOST for day, line in sound)
    assert max(day for day, _ in arrived) == STORY.last_day


def test_what_is_late_on_the_last_day_has_arrived_in_the_history_that_goes_on() -> None:
    smooth = {line for _, line in lines_of(STORY)}
    delayed = dataclasses.replace(STORY, mishaps=Mishaps(late=0.2))
    days_later = STORY.last_day + timedelta(days=LATE_AT_MOST)
    longer = dataclasses.replace(delayed, last_day=days_later, days=STORY.days + LATE_AT_MOST)
    missing = smooth - {line for _, line in lines_of(delayed)}

    assert missing
    assert all(happened(line) > STORY.last_day - timedelta(days=LATE_AT_MOST) for line in missing)
    assert missing <= {line for _, line in lines_of(longer)}


@pytest.mark.slow
def test_nightly_job_finds_every_mishap(spark: SparkSession, tmp_path: Path) -> None:
    mishaps = Mishaps(duplicates=0.1, late=0.1, broken=0.4)
    story = Story(seed=7, last_day=date(2026, 11, 19), days=3, customers=100, products=20, mishaps=mishaps)
    written = write(story, DirectoryTarget(tmp_path))
    distinct = {line for _, line in lines_of(story)}
    sound = {line for _, line in lines_of(dataclasses.replace(story, mishaps=NONE))} & distinct
    lake = TestLake(spark, tmp_path)

    account = lake.run()

    assert (account.read, account.curated) == (written, len(sound))
    assert account.quarantined == len(distinct) - len(sound)
    assert account.duplicates == written - len(distinct)
    assert len({reason for reason, _ in lake.quarantined()}) == 5
    assert lake.run().read == 0


def test_help_says_how_much_goes_wrong_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    application = typer.Typer()
    application.command()(history)

    told = CliRunner().invoke(application, ["--help"], env={"COLUMNS": "200"}).output

    for option, default in (("--duplicates", "0.02"), ("--late", "0.01"), ("--broken", "0.0005")):
        (line,) = [line for line in told.splitlines() if option in line]
        assert f"[default: {default}]" in line
    assert CliRunner().invoke(application, ["--broken", "0.6", "--out", "x"]).exit_code == 2


def test_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"late is 0\.7"):
        Mishaps(late=0.7)


@pytest.mark.slow
def test_same_story_is_the_same_bytes_whoever_tells_it(tmp_path: Path) -> None:
    story = Story(seed=7, last_day=date(2026, 11, 30), days=3, customers=100)
    for name in ("one", "two"):
        write(story, DirectoryTarget(tmp_path / name))
    other = Story(seed=8, last_day=date(2026, 11, 30), days=3, customers=100)
    write(other, DirectoryTarget(tmp_path / "other"))

    def content(name: str) -> dict[str, bytes]:
        root = tmp_path / name
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.gz")}

    assert content("one") == content("two")
    assert content("one") != content("other")
