"""Fields that a producer added and the contract does not know yet: kept, as they came, until it does."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

from curation.columns import by_type
from curation.contracts import BUS, CONTRACTS, ENVELOPE, Kind
from curation.texts import quoted

_NAMES_OF_LINE = {Kind.ORDER_LINES: 7, Kind.RESERVED_LINES: 2}  # the price's own two included
_NAMES_OF_MONEY = 2


def has_unknown_names() -> Column:
    """Whether a sound record holds something beyond its contract, in envelope, payload or below, or may do so.

    Nearly every record has nothing, and looking for names is slow. So the colons after names are counted first, and
    only a record with another number than its contract has is looked into.
    """
    carried = f.col("event.carried")
    around = f.when(carried, len(BUS) + len(ENVELOPE) - 2).otherwise(len(ENVELOPE))  # the bus has type and source
    expected = around + by_type(lambda contract: len(contract.required))
    for name in sorted({name for contract in CONTRACTS.values() for name in contract.optional}):
        is_known = f.col("event.detail_type").isin([event for event in CONTRACTS if name in CONTRACTS[event].optional])
        expected += (is_known & _is_there(name)).cast("int")
    return _names(f.col("line")) != expected + _names_in_lines() + _names_in_money()


def unknown_fields() -> Column:
    """A JSON object of what a record that was looked into holds beyond its contract; null if nothing.

    A known field with an unknown one inside counts as a whole.
    """
    known, members = by_type(lambda contract: [name for name, _, _ in contract.fields()]), f.col("members")
    parts = [
        _without(f.col("envelope"), f.array(*map(f.lit, ENVELOPE))),
        _without(members, known),
    ]
    money = by_type(lambda contract: contract.field_of(Kind.MONEY))
    for name, names in ((f.lit("lines"), _names_in_lines()), (money, _names_in_money())):
        grown = (names > 0) & (_names(members[name]) != names)
        nothing = f.create_map().cast("map<string,string>")
        parts.append(f.when(grown, f.create_map(name, members[name])).otherwise(nothing))
    return f.when(f.col("is_doubtful"), _json_of(f.map_concat(*parts)))


def _is_there(name: str) -> Column:
    line, value = f.col("line"), f.col("event.payload")[name]
    return value.isNotNull() | line.contains(f'"{name}":null') | line.contains(f'"{name}": null')


def _names(text: Column) -> Column:
    """How many names of fields a JSON text has. A colon in a string may count as one, which costs a look only."""
    return (f.octet_length(text) - f.octet_length(f.replace(text, f.lit('":'), f.lit("")))) / 2


def _names_in_lines() -> Column:
    of_each = by_type(lambda contract: _NAMES_OF_LINE.get(contract.kind_of("lines") or Kind.TEXT, 0))
    return f.when(f.col("lines").isNull(), 0).otherwise(f.size("lines") * of_each)


def _names_in_money() -> Column:
    return f.when(f.col("money").isNull(), 0).otherwise(_NAMES_OF_MONEY)


def _without(fields: Column, known: Column) -> Column:
    return f.map_filter(fields, lambda name, _: ~f.array_contains(known, name))


def _json_of(members: Column) -> Column:
    joined = f.array_join(
        f.transform(f.map_entries(members), lambda each: f.concat(quoted(each["key"]), f.lit(":"), each["value"])), ","
    )
    return f.when(f.size(members) > 0, f.concat(f.lit("{"), joined, f.lit("}")))
