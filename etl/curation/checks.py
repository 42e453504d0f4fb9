"""What is wrong with a record, if anything is."""

from __future__ import annotations

from datetime import datetime, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as f

from curation.columns import by_type
from curation.contracts import BEGAN, CONTRACTS, MAJOR_VERSION, STRINGS, Contract, Kind
from curation.parsing import amount
from curation.texts import OPTIONS, are_strings, is_string, members

TOO_LARGE = "holds more than the parser takes, such as a text above 20 MB"
AHEAD_AT_MOST = timedelta(days=1)  # a clock that is wrong by a day still tells a day; by more it tells nothing
UUID = r"^\p{XDigit}{8}-\p{XDigit}{4}-\p{XDigit}{4}-\p{XDigit}{4}-\p{XDigit}{12}\z"
VERSION = rf"^{MAJOR_VERSION}\.\d+\z"


def problem(now: datetime) -> Column:
    """What is wrong with a parsed record, the first thing that is; null for a sound one."""
    latest = f.lit((now + AHEAD_AT_MOST).isoformat()).cast("timestamp")
    occurred_at, correlation_id = f.col("occurred_at"), f.col("event.correlation_id")
    checks = {
        "is in an object that cannot be read": f.col("line").isNotNull(),
        "is no single JSON object with an event_id": f.col("is_whole"),
        "event_id is no UUID": f.col("event.event_id").rlike(UUID),
        "occurred_at is no time with a zone": occurred_at.isNotNull(),
        "occurred_at is before the shop began": occurred_at >= f.lit(BEGAN).cast("timestamp"),
        "occurred_at is more than a day ahead": occurred_at <= latest,
        "version is unknown": f.col("event.version").rlike(VERSION) & _is_text("version"),
        "correlation_id is missing": f.length(correlation_id).between(1, 128) & _is_text("correlation_id"),
        "payload is missing": f.col("event.payload").isNotNull(),
    }
    of_payload = f.lit("detail_type is unknown")
    for event, contract in reversed(list(CONTRACTS.items())):  # so that the first is asked for first
        is_it = f.col("event.detail_type") == event
        of_payload = f.when(is_it, _problem_of_payload(contract)).otherwise(of_payload)
    return f.coalesce(
        *(_unless(sound, reason) for reason, sound in checks.items()),
        of_payload,
        f.when(f.col("is_doubtful"), f.coalesce(_unless(f.col("members").isNotNull(), TOO_LARGE), _of_no_texts())),
    )


def _problem_of_payload(contract: Contract) -> Column:
    problems = []
    for name, kind, required in contract.fields():
        value = f.col("event.payload")[name]
        sound = _is(kind, value) if required else _is_left_out(kind, name) | _is(kind, value)
        problems.append(_unless(sound, f"payload.{name} {kind.value}"))
    return f.coalesce(*problems)


def _unless(sound: Column, reason: str) -> Column:
    return f.when(f.coalesce(sound, f.lit(False)), None).otherwise(f.lit(reason))


def _is_left_out(kind: Kind, name: str) -> Column:
    """Whether an optional field is not there, or null. A flag has a default, which null is not."""
    value, looked_into = f.col("event.payload")[name], f.col("members")
    if kind is Kind.FLAG:
        return value.isNull() & f.coalesce(~f.map_contains_key(looked_into, name), f.lit(True))
    return value.isNull() & (f.coalesce(looked_into[name], f.lit("null")) == "null")


def _is(kind: Kind, value: Column) -> Column:
    match kind:
        case Kind.UUID:
            return value.rlike(UUID)
        case Kind.NAME:
            return f.length(value) > 0
        case Kind.TEXT | Kind.INTEGER | Kind.FLAG:
            return value.isNotNull()
        case Kind.QUANTITY:
            return value > 0
        case Kind.COUNT:
            return value >= 0
        case Kind.MONEY:
            return f.col("amount").isNotNull()
        case Kind.TEXTS:
            return are_strings(f.col("members")["categories"])
        case Kind.ORDER_LINES:
            return (f.size(value) > 0) & f.forall(value, _is_order_line)
        case Kind.RESERVED_LINES:
            return (f.size(value) > 0) & f.forall(value, _is_reserved_line)


def _is_order_line(line: Column) -> Column:
    told = line["sku"].isNotNull() & line["name"].isNotNull()
    return f.coalesce(_is_reserved_line(line) & told & amount(line["unit_price"]).isNotNull(), f.lit(False))


def _is_reserved_line(line: Column) -> Column:
    return f.coalesce(line["product_id"].rlike(UUID) & (line["quantity"] > 0), f.lit(False))


def _is_text(name: str) -> Column:
    """Whether a field of the envelope came as a text; where nobody looked there was no doubt."""
    return f.col("envelope").isNull() | is_string(f.col("envelope")[name])


def _of_no_texts() -> Column:
    """What is wrong with a record where the parser took something else for a text."""
    found, names = f.col("members"), by_type(lambda contract: contract.names_of(*STRINGS) or None)
    others = f.filter(names, lambda name: ~is_string(found[name]) & (found[name] != "null"))
    texts_of_lines = f.forall(
        f.from_json(found["lines"], "array<string>", OPTIONS),
        lambda line: is_string(members(line)["sku"]) & is_string(members(line)["name"]),
    )
    has_texts_in_lines = by_type(lambda contract: bool(contract.names_of(Kind.ORDER_LINES)))
    return f.coalesce(
        f.concat(f.lit("payload."), f.get(others, f.lit(0)), f.lit(" is no text")),
        f.when(has_texts_in_lines, _unless(texts_of_lines, f"payload.lines {Kind.ORDER_LINES.value}")),
    )
