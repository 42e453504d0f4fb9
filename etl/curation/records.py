"""Lines of the raw zone as records: each parsed once, checked against its contract, and known by its identity."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from curation.columns import by_type
from curation.contracts import CONTRACTS, MAJOR_VERSION, Contract, Kind
from curation.unknown import unknown_fields

MONEY = "struct<amount:string,currency:string>"
LINES = f"array<struct<product_id:string,sku:string,name:string,quantity:int,unit_price:{MONEY}>>"
_ENVELOPE = "event_id:string,occurred_at:string,version:string,correlation_id:string,payload:map<string,string>"
RAW = f"struct<detail_type:string,{_ENVELOPE},`detail-type`:string,detail:struct<{_ENVELOPE}>>"
MONEY_AMOUNT = "decimal(12,2)"
AHEAD_AT_MOST = timedelta(days=1)  # a clock that is wrong by a day still tells a day; by more it tells nothing
BROKEN = "broken"
RECORD_KEPT = 65536  # characters of a broken record; the raw object has the rest
UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
WHOLE = r"^-?\d{1,10}$"


def records(lines: DataFrame, now: datetime) -> DataFrame:
    """One row for each row of `lines` (`line`, `object`), sound or not: the reason why not is in `problem`.

    `kind` is the event's type, or BROKEN. `event_id` identifies the record: the event's own, or a digest of what is
    broken. `date` is its day: of the event, or for a broken one of the raw object's name, so that reading it again
    finds the same day.
    """
    prefix = f.substring_index(f.substring_index("object", "/raw/", -1), "/", 1)
    parsed = (
        lines.select("line", "object", prefix.alias("prefix"), f.from_json("line", RAW).alias("raw"))
        .withColumn("event", _event(f.col("raw")))
        .withColumn("lines", f.from_json(_field(Kind.ORDER_LINES, Kind.RESERVED_LINES), LINES))
        .withColumn("money", f.from_json(_field(Kind.MONEY), MONEY))
        .withColumn("texts", f.from_json(_field(Kind.TEXTS), "array<string>"))
        .withColumn("occurred_at", f.to_timestamp("event.occurred_at"))
        .withColumn("amount", _amount(f.col("money")))
    )
    checked = parsed.withColumn("problem", _problem(now))
    sound = f.col("problem").isNull()
    broken = ~sound
    return checked.select(
        f.when(sound, f.lower("event.event_id"))
        .otherwise(f.sha2(f.concat_ws("/", "prefix", f.coalesce("line", "object")), 256))
        .alias("event_id"),
        f.when(sound, _type()).otherwise(f.lit(BROKEN)).alias("kind"),
        f.when(broken, _type()).alias("detail_type"),
        f.col("occurred_at"),
        f.when(sound, f.to_date("occurred_at").cast("string")).otherwise(_day_of_object()).alias("date"),
        f.col("event.correlation_id").alias("correlation_id"),
        f.when(sound, unknown_fields()).alias("unknown_fields"),
        "problem",
        "prefix",
        f.when(broken, f.col("object")).alias("object"),
        f.when(broken, f.substring("line", 1, RECORD_KEPT)).alias("record"),
        f.when(broken, f.octet_length("line")).alias("bytes"),
        f.coalesce(sound & (f.col("prefix") != by_type(lambda contract: contract.prefix)), f.lit(False)).alias(
            "misplaced"
        ),
        *(_payload()[name].alias(name) for name in ("order_id", "customer_id", "visit_id", "reason", "tracking_code")),
        f.coalesce(_payload()["payment_reference"], _payload()["refund_reference"]).alias("reference"),
        *(_payload()[name].alias(name) for name in ("product_id", "sku", "name")),
        *(_payload()[name].cast("int").alias(name) for name in ("quantity", "change", "inventory_count")),
        f.coalesce(_payload()["active"].cast("boolean"), f.lit(True)).alias("active"),
        f.col("texts").alias("categories"),
        f.col("amount"),
        f.col("money.currency").alias("currency"),
        "lines",
    )


def _event(raw: Column) -> Column:
    """The event of a line in either form: as a consumer archived it, or as the bus carried it, envelope in `detail`."""
    names = ("event_id", "occurred_at", "version", "correlation_id", "payload")
    return f.struct(
        f.coalesce(raw["detail-type"], raw["detail_type"]).alias("detail_type"),
        raw["detail"].isNotNull().alias("carried"),
        *(f.when(raw["detail"].isNotNull(), raw["detail"][name]).otherwise(raw[name]).alias(name) for name in names),
    )


def _type() -> Column:
    return f.col("event.detail_type")


def _payload() -> Column:
    return f.col("event.payload")


def _field(*kinds: Kind) -> Column:
    """The text of the payload's only field of these kinds, whatever its name is in this event."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for event, contract in CONTRACTS.items():
        if name := contract.field_of(*kinds):
            names[name].append(event)
    return f.coalesce(*(f.when(_type().isin(events), _payload()[name]) for name, events in names.items()))


def _day_of_object() -> Column:
    day = f.regexp_extract("object", r"/date=(\d{4}-\d\d-\d\d)/", 1)
    return f.when(day == "", f.lit("undated")).otherwise(day)


def _problem(now: datetime) -> Column:
    """What is wrong with the record, the first thing that is; null for a sound one."""
    whole = (_is_embraced(f.col("line")) | _is_embraced(f.trim("line"))) & f.col("event.event_id").isNotNull()
    latest = f.lit((now + AHEAD_AT_MOST).isoformat()).cast("timestamp")
    checks = {
        "cannot be decompressed": f.col("line").isNotNull(),
        "is no JSON object with an event_id": whole,
        "event_id is no UUID": f.col("event.event_id").rlike(UUID),
        "occurred_at is no time with a zone": f.col("occurred_at").isNotNull() & _has_zone("event.occurred_at"),
        "occurred_at is more than a day ahead": f.col("occurred_at") <= latest,
        "version is unknown": f.substring_index("event.version", ".", 1) == MAJOR_VERSION,
        "correlation_id is missing": f.length("event.correlation_id").between(1, 128),
        "payload is missing": _payload().isNotNull(),
    }
    of_payload = f.lit("detail_type is unknown")
    for event, contract in reversed(list(CONTRACTS.items())):  # so that the first is asked for first
        of_payload = f.when(_type() == event, _problem_of_payload(contract)).otherwise(of_payload)
    glued = f.col("line").contains("}{") & (f.size(f.split("line", '"event_id"', 3)) > 2)
    return f.coalesce(
        *(_unless(sound, reason) for reason, sound in checks.items()),
        of_payload,
        f.when(glued, f.lit("is more than one JSON object")),  # the parser would take the first only
    )


def _is_embraced(line: Column) -> Column:
    return line.startswith("{") & line.endswith("}")


def _has_zone(moment: str) -> Column:
    """Whether a text that is a date and a time tells its zone: without one it may be meant anywhere."""
    hours = f.substring(moment, -6, 1).isin("+", "-") & (f.length(moment) > 16)
    return f.substring(moment, 11, 1).isin("T", " ") & (f.col(moment).endswith("Z") | hours)


def _problem_of_payload(contract: Contract) -> Column:
    problems = []
    for name, kind, required in contract.fields():
        value = _payload()[name]
        sound = _is(kind, value) if required else value.isNull() | _is(kind, value)
        problems.append(_unless(sound, f"payload.{name} {kind.value}"))
    return f.coalesce(*problems)


def _unless(sound: Column, reason: str) -> Column:
    return f.when(f.coalesce(sound, f.lit(False)), None).otherwise(f.lit(reason))


def _is(kind: Kind, text: Column) -> Column:
    lines = f.col("lines")
    match kind:
        case Kind.UUID:
            return text.rlike(UUID)
        case Kind.TEXT:
            return text.isNotNull()
        case Kind.NAME:
            return f.length(text) > 0
        case Kind.INTEGER:
            return text.rlike(WHOLE) & text.cast("int").isNotNull()
        case Kind.QUANTITY:
            return text.rlike(WHOLE) & (text.cast("int") > 0)
        case Kind.COUNT:
            return text.rlike(WHOLE) & (text.cast("int") >= 0)
        case Kind.FLAG:
            return text.isin("true", "false")
        case Kind.MONEY:
            return f.col("amount").isNotNull()
        case Kind.TEXTS:
            return f.col("texts").isNotNull() & f.forall("texts", lambda each: each.isNotNull())
        case Kind.ORDER_LINES:
            return (f.size(lines) > 0) & f.forall(lines, _is_order_line)
        case Kind.RESERVED_LINES:
            return (f.size(lines) > 0) & f.forall(lines, _is_reserved_line)


def _is_order_line(line: Column) -> Column:
    told = line["sku"].isNotNull() & line["name"].isNotNull()
    return f.coalesce(_is_reserved_line(line) & told & _amount(line["unit_price"]).isNotNull(), f.lit(False))


def _is_reserved_line(line: Column) -> Column:
    return f.coalesce(line["product_id"].rlike(UUID) & (line["quantity"] > 0), f.lit(False))


def _amount(money: Column) -> Column:
    """The amount to the cent; null for what is no amount, is negative, has parts of a cent or no currency."""
    exact, rounded = money["amount"].cast("decimal(18,6)"), money["amount"].cast(MONEY_AMOUNT)
    return f.when((exact == rounded) & (rounded >= 0) & money["currency"].rlike("^[A-Z]{3}$"), rounded)
