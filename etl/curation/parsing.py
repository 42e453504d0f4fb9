"""Lines of the raw zone, parsed: one strict pass over each, and a closer look where that leaves a doubt."""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from curation.columns import by_type
from curation.contracts import CONTRACTS, STRINGS, Kind
from curation.texts import OPTIONS, may_be_bare, members
from curation.unknown import has_unknown_names

MONEY = "struct<amount:string,currency:string>"
LINES = f"array<struct<product_id:string,sku:string,name:string,quantity:int,unit_price:{MONEY}>>"
MONEY_AMOUNT = "decimal(12,2)"
TIME = r"^\d{4}-\d\d-\d\d[Tt _]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[Zz]|[-+\u2212]\d\d:?\d\d)\z"

_TYPES = {
    Kind.INTEGER: "int",
    Kind.QUANTITY: "int",
    Kind.COUNT: "int",
    Kind.FLAG: "boolean",
    Kind.MONEY: MONEY,
    Kind.TEXTS: "array<string>",
    Kind.ORDER_LINES: LINES,
    Kind.RESERVED_LINES: LINES,
}
_FIELDS = {name: _TYPES.get(kind, "string") for each in CONTRACTS.values() for name, kind, _ in each.fields()}
_PAYLOAD = f"struct<{','.join(f'{name}:{of_type}' for name, of_type in _FIELDS.items())}>"
_ENVELOPE = f"event_id:string,occurred_at:string,version:string,correlation_id:string,payload:{_PAYLOAD}"
_EVENT = f"struct<detail_type:string,{_ENVELOPE},`detail-type`:string,detail:struct<{_ENVELOPE}>>"
# The parser stops at the end of an object and says nothing of what follows: so the line is put into one, with an end.
_WHOLE = f"struct<line:{_EVENT},end:int,_corrupt_record:string>"


def parsed(lines: DataFrame) -> DataFrame:
    """What each line says, as far as it can be read, in typed columns.

    `is_whole` is whether it is one JSON object and nothing else. `envelope` and `members` are the JSON of each member
    of envelope and payload of those that are `is_doubtful`, and null for the others, which are nearly all.
    """
    prefix = f.substring_index(f.substring_index("object", "/raw/", -1), "/", 1)
    whole = f.from_json(f.concat(f.lit('{"line":'), "line", f.lit(',"end":0}')), _WHOLE, OPTIONS)
    event = _event(f.col("whole.line"))
    # Each step writes all its columns anew: there are no more of them than some column needs that is used twice.
    return (
        lines.select("line", "object", whole.alias("whole"))
        .select(
            "line",
            "object",
            prefix.alias("prefix"),
            event.alias("event"),
            (f.col("whole.end").isNotNull() & event["event_id"].isNotNull()).alias("is_whole"),
            f.col("whole._corrupt_record").isNotNull().alias("is_corrupt"),
        )
        .withColumns(
            {
                "lines": _field(Kind.ORDER_LINES, Kind.RESERVED_LINES),
                "money": _field(Kind.MONEY),
                "occurred_at": _time(f.col("event.occurred_at")),
                "amount": amount(_field(Kind.MONEY)),
            }
        )
        .withColumn("is_doubtful", _is_doubtful())
        .withColumn("envelope", f.when(f.col("is_doubtful"), members(_text_of_envelope())))
        .withColumn("members", f.when(f.col("is_doubtful"), members(f.col("envelope")["payload"])))
    )


def amount(money: Column) -> Column:
    """The amount to the cent; null for what is no amount, is negative, has parts of a cent or no currency."""
    exact, rounded = money["amount"].cast("decimal(38,20)"), money["amount"].cast(MONEY_AMOUNT)
    return f.when((exact == rounded) & (rounded >= 0) & money["currency"].rlike(r"^[A-Z]{3}\z"), rounded)


def _event(line: Column) -> Column:
    """The event of a line in either form: as a consumer archived it, or as the bus carried it, envelope in `detail`."""
    names = ("event_id", "occurred_at", "version", "correlation_id", "payload")
    carried = line["detail"].isNotNull()
    return f.struct(
        f.coalesce(line["detail-type"], line["detail_type"]).alias("detail_type"),
        carried.alias("carried"),
        *(f.when(carried, line["detail"][name]).otherwise(line[name]).alias(name) for name in names),
    )


def _field(*kinds: Kind) -> Column:
    """The payload's only field of these kinds, whatever its name is in this event."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for event, contract in CONTRACTS.items():
        if name := contract.field_of(*kinds):
            names[name].append(event)
    of_type = f.col("event.detail_type")
    return f.coalesce(*(f.when(of_type.isin(events), f.col("event.payload")[name]) for name, events in names.items()))


def _time(text: Column) -> Column:
    """The moment of an ISO 8601 text with a zone, in each form that the envelope's model reads; null for any other."""
    usual = f.translate(text, "tz_,\u2212", "TZT.-")
    with_seconds = f.regexp_replace(usual, r"^(.{16})(?=[-+Z])", "$1:00")
    return f.when(text.rlike(TIME), f.coalesce(f.to_timestamp(text), f.to_timestamp(with_seconds)))


def _is_doubtful() -> Column:
    """Whether the parser may have taken something else for a text, or a wrong value for none, or left something out."""
    line, payload = f.col("line"), f.col("event.payload")
    names = sorted({name for contract in CONTRACTS.values() for name in contract.names_of(*STRINGS)})
    version_is_text = line.contains('"version":"1.') | line.contains('"version": "1.')
    in_lines = f.exists("lines", lambda each: may_be_bare(each["sku"]) | may_be_bare(each["name"]))
    doubts = (
        has_unknown_names(),
        f.col("is_corrupt"),
        ~version_is_text,
        may_be_bare(f.col("event.correlation_id")),
        *(may_be_bare(payload[name]) for name in names),
        in_lines,
        payload["categories"].isNotNull(),
        payload["active"].isNull() & by_type(lambda contract: bool(contract.names_of(Kind.FLAG))),
    )
    return reduce(or_, (f.coalesce(doubt, f.lit(False)) for doubt in doubts))


def _text_of_envelope() -> Column:
    detail = f.from_json("line", "struct<detail:string>", OPTIONS)["detail"]
    return f.when(f.col("event.carried"), detail).otherwise(f.col("line"))
