"""JSON texts looked into more closely than Spark's parser does, which forgets whether a value was quoted."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

OPTIONS = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}  # what is no JSON is none here
MAP = "map<string,string>"

_STRING = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_MARK = "="  # no JSON but a string can begin with it, once each string does
_BARE = r"^(?:[\[{]|(?:-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false)\z)"


def members(text: Column) -> Column:
    """Name → JSON of each member of a JSON object: strings quoted, null as `null`; null for what is no object."""
    plain, marked = f.from_json(text, MAP, OPTIONS), f.from_json(_marked(text), MAP, OPTIONS)
    by_name = f.transform_keys(marked, lambda name, _: _without_mark(name))

    def json_of(_: Column, value: Column, value_marked: Column) -> Column:
        return f.when(value.isNull(), "null").when(value_marked.startswith(_MARK), quoted(value)).otherwise(value)

    return f.map_zip_with(plain, by_name, json_of)


def is_string(json: Column) -> Column:
    """Whether a member's JSON is a string."""
    return json.startswith('"')


def are_strings(json: Column) -> Column:
    """Whether a JSON text is a list of nothing but strings."""
    elements = f.from_json(_marked(json), "array<string>", OPTIONS)
    return f.forall(elements, lambda element: f.coalesce(element.startswith(_MARK), f.lit(False)))


def quoted(text: Column) -> Column:
    """The text as a JSON string."""
    listed = f.to_json(f.array(text))
    return f.substr(listed, f.lit(2), f.length(listed) - 2)


def may_be_bare(value: Column) -> Column:
    """Whether a parsed value may have come unquoted: it looks like a number, a truth value, a list or an object."""
    return value.rlike(_BARE)


def _marked(text: Column) -> Column:
    """The same JSON with a mark at the beginning of each string, names included."""
    return f.regexp_replace(text, _STRING, f'"{_MARK}$1"')


def _without_mark(text: Column) -> Column:
    return f.substr(text, f.lit(len(_MARK) + 1))
