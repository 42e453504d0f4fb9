"""What Redshift takes, as AWS's Database Developer Guide says it, for no parser refuses what only others know.

sqlglot reads Redshift's dialect generously: `MAX_BY`, `FILTER`, `TRY_CAST` and functions that nobody has pass, and
statements that it does not know (`CREATE EXTERNAL SCHEMA`, `REFRESH`) pass unread. So words are compared with the
guide's lists, and statements with the guide's syntax, as far as the set-up uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import sqlglot
from sqlglot import exp

AGGREGATES = """ANY_VALUE AVG COUNT LISTAGG MAX MEDIAN MIN PERCENTILE_CONT STDDEV STDDEV_POP STDDEV_SAMP SUM VAR_POP
    VAR_SAMP VARIANCE"""
WINDOW = "CUME_DIST DENSE_RANK FIRST_VALUE LAG LAST_VALUE LEAD NTILE PERCENT_RANK RANK RATIO_TO_REPORT ROW_NUMBER"
CONDITIONS = "COALESCE DECODE GREATEST LEAST NULLIF NVL NVL2"
DATES = "ADD_MONTHS CONVERT_TIMEZONE DATE_PART DATE_TRUNC DATEADD DATEDIFF EXTRACT LAST_DAY MONTHS_BETWEEN TRUNC"
NUMBERS = "ABS CEIL CEILING EXP FLOOR LN LOG MOD POWER ROUND SIGN SQRT"
TEXTS = """BTRIM CHAR_LENGTH CONCAT INITCAP LEFT LEN LENGTH LOWER LPAD LTRIM POSITION REGEXP_REPLACE REGEXP_SUBSTR
    REPLACE REVERSE RIGHT RPAD RTRIM SPLIT_PART STRPOS SUBSTR SUBSTRING TRANSLATE TRIM UPPER"""
TYPES = "CHAR DECIMAL NUMERIC VARCHAR"
# Words after which a parenthesis opens that is no function's. FILTER is none of them: Redshift has no such clause.
SYNTAX = "ALL AND AS BY CASE ELSE EXISTS FROM GROUP IN JOIN NOT ON OR OVER SELECT THEN UNION WHEN WHERE"
KNOWN = frozenset(
    " ".join((AGGREGATES, WINDOW, CONDITIONS, DATES, NUMBERS, TEXTS, TYPES, SYNTAX, "CAST CONVERT")).split()
)

# Not in a materialized view, or only so that its content depends on when it is refreshed, or unknown to Redshift.
FORBIDDEN = {
    exp.Order: "ORDER BY is not allowed in a materialized view",
    exp.Limit: "LIMIT is not allowed in a materialized view",
    exp.Offset: "OFFSET is not allowed in a materialized view",
    exp.CurrentDate: "what depends on the day of the refresh is no view's content",
    exp.CurrentTimestamp: "what depends on the time of the refresh is no view's content",
    exp.CurrentTime: "what depends on the time of the refresh is no view's content",
    exp.Rand: "chance is no view's content",
    exp.Star: "columns are named, so that a new one of the lake changes no view",
    exp.Filter: "Redshift has no FILTER: use CASE",
    exp.ArgMax: "Redshift has no MAX_BY: use ROW_NUMBER",
    exp.ArgMin: "Redshift has no MIN_BY: use ROW_NUMBER",
    exp.TryCast: "Redshift has no TRY_CAST",
    exp.Anonymous: "a function that sqlglot does not know is one of a user, which a materialized view may not call",
    exp.Unnest: "nested data of external tables is not for materialized views",
    exp.Lateral: "Redshift has no LATERAL",
}
_ALLOWED_BELOW = {exp.Order: (exp.Window, exp.WithinGroup), exp.Star: (exp.Count,)}

_NAME = r"[a-z_][a-z0-9_]{0,126}"
_QUALIFIED = rf"{_NAME}\.{_NAME}"
_ARN = r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+"
_KINDS = r"(?:VARCHAR\(\d+\)|CHAR\(\d+\)|INTEGER|BIGINT|BOOLEAN|DATE|TIMESTAMP|DECIMAL\(\d+,\d+\))(?: NOT NULL)?"
_TO = rf"TO ROLE {_NAME}(?:, ROLE {_NAME})*"
STATEMENTS = {
    "CREATE EXTERNAL SCHEMA": (
        rf"CREATE EXTERNAL SCHEMA (?:IF NOT EXISTS )?{_NAME} FROM (?:DATA CATALOG )?DATABASE '{_NAME}'"
        rf"(?: REGION '[a-z0-9-]+')? IAM_ROLE (?:default|'{_ARN}')(?: CATALOG_ROLE '{_ARN}')?"
        r"(?: CREATE EXTERNAL DATABASE IF NOT EXISTS)?"
    ),
    "CREATE SCHEMA": rf"CREATE SCHEMA (?:IF NOT EXISTS )?{_NAME}(?: AUTHORIZATION {_NAME})?",
    "CREATE TABLE": rf"CREATE TABLE (?:IF NOT EXISTS )?{_QUALIFIED} \({_NAME} {_KINDS}(?:, {_NAME} {_KINDS})*\)",
    "CREATE ROLE": rf'CREATE ROLE {_NAME}(?: EXTERNALID "\w+")?',
    "CREATE MATERIALIZED VIEW": (
        rf"CREATE MATERIALIZED VIEW {_QUALIFIED}(?: BACKUP (?:YES|NO))?(?: AUTO REFRESH NO)? AS\n(?P<query>.+)"
    ),
    "DROP MATERIALIZED VIEW": rf"DROP MATERIALIZED VIEW (?:IF EXISTS )?{_QUALIFIED}",
    "REFRESH MATERIALIZED VIEW": rf"REFRESH MATERIALIZED VIEW {_QUALIFIED}(?: RESTRICT| CASCADE)?",
    "GRANT USAGE": rf"GRANT USAGE ON SCHEMA {_NAME}(?:, {_NAME})* {_TO}",
    "GRANT SELECT": rf"GRANT SELECT ON (?:TABLE )?{_QUALIFIED}(?:, {_QUALIFIED})* {_TO}",
    "SELECT": rf"SELECT {_NAME}(?:, {_NAME})* FROM (?:{_QUALIFIED}|svv_roles)(?: WHERE {_NAME} = '\w+')?",  # noqa: S608  (a pattern)
    "INSERT INTO": rf"INSERT INTO {_QUALIFIED} VALUES \('\w+'(?:, '\w+')*\)",  # noqa: S608  (a pattern)
    "DELETE FROM": rf"DELETE FROM {_QUALIFIED} WHERE {_NAME} = '\w+'",  # noqa: S608  (a pattern)
}


def problems_of_statement(sql: str) -> list[str]:
    """What Redshift would refuse in a statement of the set-up, nothing if it takes it."""
    for begin in sorted(STATEMENTS, key=len, reverse=True):
        if sql.startswith(f"{begin} "):
            match = re.fullmatch(STATEMENTS[begin], sql, re.DOTALL)
            if match is None:
                return [f"is not the guide's syntax of {begin}: {sql}"]
            return problems_of_view(match["query"]) if "query" in match.groupdict() else []
    return [f"begins like no statement that is known here: {sql}"]


def problems_of_view(query: str) -> list[str]:
    """What Redshift would refuse in the query of a materialized view over external tables, nothing if it takes it."""
    try:
        (parsed,) = sqlglot.parse(query, dialect="redshift")
    except sqlglot.ParseError as error:
        return [str(error)]
    if not isinstance(parsed, exp.Select):
        return ["is no SELECT"]
    return [*_unknown_functions(query), *_forbidden(parsed), *_tables(parsed), *_sorts(parsed)]


def _unknown_functions(query: str) -> Iterator[str]:
    """Names before a parenthesis, as they are written: sqlglot's tree has its own names for many."""
    parts = {cte.alias.upper() for cte in sqlglot.parse_one(query, dialect="redshift").find_all(exp.CTE)}
    for name, following in pairwise(sqlglot.tokenize(query, dialect="redshift")):
        word = name.text.upper()
        if following.token_type.name == "L_PAREN" and re.fullmatch(r"\w+", word) and word not in KNOWN | parts:
            yield f"the guide knows no function {word} that runs on compute nodes"


def _forbidden(query: exp.Expr) -> Iterator[str]:
    for kind, reason in FORBIDDEN.items():
        for node in query.find_all(kind):
            if not node.find_ancestor(*_ALLOWED_BELOW.get(kind, ())):
                yield reason


def _tables(query: exp.Expr) -> Iterator[str]:
    """Only the lake's tables and the query's own parts: system tables and other views are refused."""
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if table.db != "lake" and table.name not in own:
            yield f"{table.sql()} is no table of the lake"


def _sorts(query: exp.Expr) -> Iterator[str]:
    """Sorting aggregates of one SELECT have to sort alike."""
    for select in query.find_all(exp.Select):
        orders = {group.expression.sql() for group in select.find_all(exp.WithinGroup) if group.parent_select is select}
        if len(orders) > 1:
            yield f"aggregates of one SELECT sort by {' and by '.join(sorted(orders))}"
