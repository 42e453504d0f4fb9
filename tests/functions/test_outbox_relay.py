"""The outbox's relay as the schedule calls it."""

import io
import json
from collections.abc import Iterator

import pytest

from outbox_relay import handler as outbox_relay
from retail import purge
from retail.customers import register
from retail.handled_events import handle_once
from retail.orders import Transition, advance
from tests.functions.invocation import Context
from tests.retail.shop import EMAIL, Shop


@pytest.fixture(autouse=True)
def resources(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("RETAIL_ENVIRONMENT", "DATABASE_SECRET_ARN", "DATABASE_HOST", "DATABASE_NAME", "EVENT_BUS_NAME"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("DATABASE_PORT", "5432")
    settings = outbox_relay.Settings.read()
    monkeypatch.setattr(outbox_relay, "resources", lambda: (shop.database_of_functions, shop.bus, settings))
    return iter(())


def told(metric: str, text: str) -> list[float]:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [value for line in lines if metric in line for value in line[metric]]


def test_what_a_crash_left_is_published_and_its_age_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.order({shop.add_product(): 1})
    shop.rows("UPDATE outbox SET created_at = now() - interval '10 minutes'")
    assert outbox_relay.handler({}, Context())["published"] == 2
    assert outbox_relay.handler({}, Context())["published"] == 0
    first, second = told("OutboxAge", capsys.readouterr().out)
    assert (600 <= first < 660, second) == (True, 0)


def test_the_age_is_told_also_while_the_bus_is_away(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.order({shop.add_product(): 1})
    shop.bus.fail_with = ConnectionError("away")
    with pytest.raises(ConnectionError):
        outbox_relay.handler({}, Context())
    out = capsys.readouterr().out
    assert (len(told("OutboxAge", out)), len(told("OrdersStuck", out))) == (1, 1)


def test_orders_that_nobody_charges_are_counted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    waited = {"long": "16 minutes", "longer": "3 days", "a moment": "14 minutes", "paid": "3 days"}
    orders = {name: shop.order({shop.add_product(): 1}).id for name in waited}
    for name, age in waited.items():
        shop.rows("UPDATE orders SET created_at = now() - %s::interval WHERE id = %s", age, orders[name])
    with shop.database.transaction() as connection:
        advance(connection, orders["paid"], Transition.PAY)
    outbox_relay.handler({}, Context())
    assert told("OrdersStuck", capsys.readouterr().out) == [2]


def test_what_is_old_goes_and_what_may_still_matter_stays(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "ROWS_AT_ONCE", 2)  # so that it takes more than one transaction
    for _ in range(3):
        shop.order({shop.add_product(): 1})
    outbox_relay.handler({}, Context())
    shop.order({shop.add_product(): 1})
    shop.rows("UPDATE outbox SET published_at = now() - interval '8 days' WHERE id <= 5")
    shop.rows("UPDATE outbox SET created_at = now() - interval '1 year' WHERE published_at IS NULL")
    with shop.database.transaction() as connection:
        for row in connection.execute("SELECT event_id FROM outbox ORDER BY id").fetchall():
            handle_once(connection, consumer="test", event_id=row["event_id"])
        connection.execute(
            "UPDATE handled_events SET handled_at = now() - interval '115 days' WHERE event_id IN "
            "(SELECT event_id FROM outbox ORDER BY id LIMIT 3)"
        )
        connection.execute(
            "UPDATE handled_events SET handled_at = now() - interval '104 days' WHERE event_id IN "
            "(SELECT event_id FROM outbox ORDER BY id DESC LIMIT 3)"
        )
    done = outbox_relay.handler({}, Context())
    assert {name: rows for name, rows in done.items() if rows} == {
        "published": 2,
        "outbox_purged": 5,
        "handled_purged": 3,
    }
    assert (shop.count("outbox"), shop.count("handled_events")) == (3, 5)


def test_expired_idempotency_keys_go(shop: Shop) -> None:
    order = shop.order({shop.add_product(): 1})
    for key, age in (("old", "25 hours"), ("new", "1 hour")):
        shop.rows(
            "INSERT INTO idempotency_keys (session_key, key, request_hash, order_id, expires_at)"
            " VALUES ('session', %s, 'any', %s, now() - %s::interval + interval '24 hours')",
            key,
            order.id,
            age,
        )
    assert outbox_relay.handler({}, Context())["keys_purged"] == 1
    assert shop.rows("SELECT key FROM idempotency_keys") == [{"key": "new"}]


def test_where_an_order_went_is_forgotten_90_days_after_its_end(shop: Shop) -> None:
    steps = {
        "gone": [Transition.CANCEL],
        "just ended": [Transition.CANCEL],
        "sent back": [Transition.PAY, Transition.PROCESS, Transition.SHIP, Transition.RETURN],
        "still to be sent": [Transition.PAY, Transition.PROCESS],
        "declined": [Transition.DECLINE],
    }
    orders = {name: shop.order({shop.add_product(): 1}).id for name in steps}
    shop.rows("UPDATE orders SET created_at = now() - interval '1 year', updated_at = now() - interval '1 year'")
    for name, taken in steps.items():
        for transition in taken:
            with shop.database.transaction() as connection:
                advance(connection, orders[name], transition)
            age = "89 days" if name == "just ended" else "91 days"
            shop.rows(
                "UPDATE deliveries SET ended_at = now() - %s::interval WHERE ended_at > now() - interval '1 h'", age
            )
    with shop.database.transaction() as connection:
        advance(connection, orders["sent back"], Transition.REFUND)  # an end after the end
    assert outbox_relay.handler({}, Context())["addresses_erased"] == 2
    kept = {row["order_id"] for row in shop.rows("SELECT order_id FROM deliveries")}
    assert kept == {orders[name] for name in ("just ended", "sent back", "still to be sent")}
    assert shop.count("orders") == 5


def test_whom_to_write_to_is_forgotten_400_days_after_the_end_of_an_order(shop: Shop) -> None:
    orders = {name: shop.order({shop.add_product(): 1}).id for name in ("old", "younger", "never ended")}
    for name in ("old", "younger"):
        with shop.database.transaction() as connection:
            advance(connection, orders[name], Transition.CANCEL)
    for name, age in {"old": "401 days", "younger": "399 days", "never ended": "3 years"}.items():
        shop.rows("UPDATE orders SET updated_at = now() - %s::interval WHERE id = %s", age, orders[name])
    assert outbox_relay.handler({}, Context())["emails_erased"] == 1
    assert outbox_relay.handler({}, Context())["emails_erased"] == 0
    kept = {row["id"] for row in shop.rows("SELECT id FROM orders WHERE email IS NOT NULL")}
    assert kept == {orders["younger"], orders["never ended"]}
    assert shop.count("orders") == 3


def test_sessions_that_ended_go_and_no_others(shop: Shop) -> None:
    register(shop.database, email=EMAIL, name="Kim", password="seven purple wagons")
    for key, expires, revoked in (
        ("alive", "1 day", None),
        ("expired", "-2 days", None),
        ("expired just now", "-1 hour", None),
        ("revoked", "20 days", "-2 days"),
        ("revoked just now", "20 days", "-1 hour"),
    ):
        shop.rows(
            "INSERT INTO customer_sessions (session_key, customer_id, expires_at, revoked_at) "
            "SELECT %s, id, now() + %s::interval, now() + %s::interval FROM customers",
            key,
            expires,
            revoked,
        )
    assert outbox_relay.handler({}, Context())["sessions_purged"] == 2
    left = {row["session_key"] for row in shop.rows("SELECT session_key FROM customer_sessions")}
    assert left == {"alive", "expired just now", "revoked just now"}


def test_each_rule_finds_what_is_old_by_an_index(shop: Shop) -> None:
    with shop.database.transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        for name, kept in outbox_relay.Settings.read().retentions().items():
            look = f"EXPLAIN SELECT 1 FROM {kept.table} WHERE {kept.since} < now() AND {kept.where}"  # noqa: S608
            plan = str(connection.execute(look.encode()).fetchall())
            assert "Index" in plan, f"{name} reads all of {kept.table}"


def test_what_is_still_replayable_may_not_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDLED_DAYS", "90")
    with pytest.raises(ValueError, match="handled_days"):
        outbox_relay.Settings.read()


def test_the_log_says_what_was_done(shop: Shop, logs: io.StringIO) -> None:
    outbox_relay.handler({}, Context())
    assert json.loads(logs.getvalue().splitlines()[-1])["done"]["published"] == 0
