"""Fields that a producer added and the contract does not know yet: kept, as they came, until it does."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as f

from curation.columns import by_type
from curation.contracts import BUS, CONTRACTS, ENVELOPE, Kind

_NAMES_OF_LINE = {Kind.ORDER_LINES: 7, Kind.RESERVED_LINES: 2}  # the price's own two included
_NAMES_OF_MONEY = 2


def unknown_fields() -> Column:
    """A JSON object of what a sound record holds beyond its contract, in envelope, payload or below; null if nothing.

    Nearly every record has nothing, and looking for names is slow. So the colons after names are counted first, and
    only a record with another number than its contract has is looked into.
    """
    carried = f.col("event.carried")
    around = f.when(carried, len(BUS) + len(ENVELOPE) - 2).otherwise(len(ENVELOPE))  # the bus has type and source
    expected = around + by_type(lambda contract: len(contract.required))
    for name in sorted({name for contract in CONTRACTS.values() for name in contract.optional}):
        is_known = f.col("event.detail_type").isin([event for event in CONTRACTS if name in CONTRACTS[event].optional])
        expected += (is_known & f.map_contains_key("event.payload", name)).cast("int")
    expected += _names_in_lines() + _names_in_money()
    return f.when(_names(f.col("line")) != expected, _text_of(_unknown()))


def _names(text: Column) -> Column:
    """How many names of fields a JSON text has. A colon in a string may count as one, which costs a look only."""
    return (f.octet_length(text) - f.octet_length(f.replace(text, f.lit('":'), f.lit("")))) / 2


def _names_in_lines() -> Column:
    of_each = by_type(lambda contract: _NAMES_OF_LINE.get(contract.kind_of("lines") or Kind.TEXT, 0))
    return f.when(f.col("lines").isNull(), 0).otherwise(f.size("lines") * of_each)


def _names_in_money() -> Column:
    return f.when(f.col("money").isNull(), 0).otherwise(_NAMES_OF_MONEY)


def _unknown() -> Column:
    """Name → text of every unknown field; a known field with an unknown one inside counts as a whole."""
    known, payload = by_type(lambda contract: [name for name, _, _ in contract.fields()]), f.col("event.payload")
    parts = [
        _without(_envelope(), f.array(*map(f.lit, ENVELOPE))),
        _without(payload, known),
    ]
    money = by_type(lambda contract: contract.field_of(Kind.MONEY))
    for name, names in ((f.lit("lines"), _names_in_lines()), (money, _names_in_money())):
        grown = (names > 0) & (_names(payload[name]) != names)
        nothing = f.create_map().cast("map<string,string>")
        parts.append(f.when(grown, f.create_map(name, payload[name])).otherwise(nothing))
    return reduce(f.map_concat, parts)


def _envelope() -> Column:
    carried = f.from_json("line", "struct<detail:map<string,string>>")["detail"]
    return f.when(f.col("event.carried"), carried).otherwise(f.from_json("line", "map<string,string>"))


def _without(fields: Column, known: Column) -> Column:
    return f.map_filter(fields, lambda name, _: ~f.array_contains(known, name))


def _text_of(fields: Column) -> Column:
    """The map as a JSON object. A text is quoted where the line has it quoted; anything else is JSON already."""

    def member(entry: Column) -> Column:
        quoted = f.rlike(f.col("line"), f.concat(f.lit('"\\Q'), entry["key"], f.lit('\\E"\\s*:\\s*"')))
        text = f.to_json(f.create_map(entry["key"], entry["value"]))
        name = f.to_json(f.create_map(entry["key"], f.lit("")))
        raw = f.concat(_between(name, 3), entry["value"])
        return f.when(entry["value"].isNull(), f.concat(_between(name, 3), f.lit("null"))).otherwise(
            f.when(quoted, _between(text, 1)).otherwise(raw)
        )

    joined = f.array_join(f.transform(f.map_entries(fields), member), ",")
    return f.when(f.size(fields) > 0, f.concat(f.lit("{"), joined, f.lit("}")))


def _between(text: Column, cut: int) -> Column:
    """Without the first character and the last `cut`."""
    return f.substr(text, f.lit(2), f.length(text) - 1 - cut)
