"""Lists of products: filtered, sorted, and paged by key, so that page 100 costs what page 1 does."""

import base64
import binascii
import hashlib
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from retail.database import Connection
from retail.errors import ForeignCursorError

PAGE, LARGEST_PAGE = 24, 100
LONGEST_SEARCH = 100
_LAST_WORD = re.compile(r"^(?P<before>(?:.*[\s])?)(?P<last>\w+)$", re.DOTALL)


class Sort(StrEnum):
    """The orders of a list; `relevance` is by name where nothing is searched for."""

    RELEVANCE = "relevance"
    NAME = "name"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NEWEST = "newest"


def _one_line(text: str) -> str:
    """In small letters, as PostgreSQL reads it anyway, but never longer than it was typed: links ask for it again."""
    words = " ".join(text.replace("\x00", " ").split())
    small = words.lower()
    return small if len(small) == len(words) else words


# What comes from outside, in a cursor as well: PostgreSQL takes not everything that Python does.
StoredText = Annotated[str, Field(pattern=r"^[^\x00]*$")]
_Price = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


class ProductQuery(BaseModel):
    """What is asked for; two that mean the same are equal, so that the cache answers both."""

    model_config = ConfigDict(frozen=True)

    text: Annotated[str, AfterValidator(_one_line)] = Field(default="", max_length=LONGEST_SEARCH)
    category: str | None = None
    min_price: _Price | None = None
    max_price: _Price | None = None
    in_stock: bool = False
    featured: bool = False
    sort: Sort = Sort.NAME
    limit: int = Field(default=PAGE, ge=1, le=LARGEST_PAGE)

    @property
    def order(self) -> Sort:
        """The order it comes to."""
        return Sort.NAME if self.sort == Sort.RELEVANCE and not self.text else self.sort

    @property
    def digest(self) -> str:
        """The same for queries that list the same, whatever the size of their pages."""
        parts = self.model_copy(update={"sort": self.order}).model_dump(mode="json", exclude={"limit"})
        for price in ("min_price", "max_price"):
            parts[price] = None if parts[price] is None else str(Decimal(parts[price]).normalize())
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class _Order:
    """How a list is sorted: expressions that end with the id, their types, and the direction of all of them."""

    keys: tuple[str, ...]
    values: TypeAdapter[Any]
    descending: bool = False
    casts: tuple[str, ...] = ()

    @property
    def clause(self) -> str:
        direction = " DESC" if self.descending else ""
        return ", ".join(f"{key}{direction}" for key in self.keys)

    @property
    def after(self) -> str:
        places = ", ".join(f"%(after_{index})s::{cast}" for index, cast in enumerate(self.casts))
        return f"({', '.join(self.keys)}) {'<' if self.descending else '>'} ({places})"


def _as_real(number: float) -> float:
    """The nearest that PostgreSQL's `real` holds: it refuses what is closer to nothing than that."""
    nearest: float = struct.unpack("f", struct.pack("f", number))[0]
    return nearest


_Rank = Annotated[float, Field(ge=-2, le=0), AfterValidator(_as_real)]
_by_price: TypeAdapter[tuple[Decimal, UUID]] = TypeAdapter(tuple[_Price, UUID])

_RANK = "-ts_rank(search, query)"
_ORDERS = {
    Sort.NAME: _Order(("name", "id"), TypeAdapter(tuple[StoredText, UUID]), casts=("text", "uuid")),
    Sort.PRICE: _Order(("price", "id"), _by_price, casts=("numeric", "uuid")),
    Sort.PRICE_DESCENDING: _Order(("price", "id"), _by_price, True, ("numeric", "uuid")),
    Sort.NEWEST: _Order(("created_at", "id"), TypeAdapter(tuple[datetime, UUID]), True, ("timestamptz", "uuid")),
    Sort.RELEVANCE: _Order(
        (_RANK, "name", "id"), TypeAdapter(tuple[_Rank, StoredText, UUID]), casts=("real", "text", "uuid")
    ),
}


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the sort keys of its last product. Opaque to who passes it on, checked when it returns."""

    values: tuple[Any, ...]

    def written_for(self, query: ProductQuery) -> str:
        """The cursor as text, which fits this query alone."""
        keys = _ORDERS[query.order].values.dump_python(self.values, mode="json")
        return base64.urlsafe_b64encode(json.dumps([query.digest[:8], *keys]).encode()).decode().rstrip("=")

    @classmethod
    def read_for(cls, query: ProductQuery, text: str) -> Self:
        """The cursor in the text; raises ForeignCursorError when it is none, or that of another query."""
        try:
            digest, *keys = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
            values = _ORDERS[query.order].values.validate_python(keys)
        except (ValueError, TypeError, binascii.Error, ValidationError, RecursionError):
            raise ForeignCursorError from None
        if digest != query.digest[:8]:
            raise ForeignCursorError
        return cls(values)


class ProductIds(BaseModel):
    """A page of a list: ids only, since products change more often than their order does."""

    ids: list[UUID]
    next: str | None
    total: int


def read_page(connection: Connection, query: ProductQuery, after: Cursor | None) -> ProductIds:
    """One page and the size of the whole list."""
    order = _ORDERS[query.order]
    source, conditions, values = _filters(query)
    total = connection.execute(f"SELECT count(*) AS total FROM {source} WHERE {conditions}".encode(), values).fetchone()  # noqa: S608 of constants alone
    if after is not None:
        conditions += f" AND {order.after}"
        values |= {f"after_{index}": value for index, value in enumerate(after.values)}
    keys = ", ".join(f"{key} AS key_{index}" for index, key in enumerate(order.keys))
    rows = connection.execute(
        f"SELECT {keys} FROM {source} WHERE {conditions} ORDER BY {order.clause} LIMIT %(limit)s".encode(),  # noqa: S608
        values | {"limit": query.limit + 1},
    ).fetchall()
    page: Sequence[tuple[Any, ...]] = [tuple(row.values()) for row in rows[: query.limit]]
    more = Cursor(page[-1]).written_for(query) if len(rows) > query.limit else None
    return ProductIds(ids=[keys[-1] for keys in page], next=more, total=total["total"] if total else 0)


def _filters(query: ProductQuery) -> tuple[str, str, dict[str, Any]]:
    source, conditions, values = "products", ["active"], dict[str, Any]()
    if query.text:
        matching, values = _matching(query.text)
        source += f", LATERAL (SELECT {matching} AS query) AS asked"
        conditions.append("search @@ query")
    if query.category is not None:
        conditions.append("categories @> jsonb_build_array(%(category)s::text)")
    if query.min_price is not None:
        conditions.append("price >= %(min_price)s")
    if query.max_price is not None:
        conditions.append("price <= %(max_price)s")
    if query.in_stock:
        conditions.append("inventory_count > reserved_count")
    if query.featured:
        conditions.append("featured")
    return source, " AND ".join(conditions), values | query.model_dump(include={"category", "min_price", "max_price"})


def _matching(text: str) -> tuple[str, dict[str, str]]:
    """The words as people type them (quotes, `or`, a minus); the last, unfinished, matches what begins with it."""
    whole = "websearch_to_tsquery('english', %(text)s)"
    unfinished = _LAST_WORD.match(text)
    if unfinished is None or '"' in text:
        return whole, {"text": text}
    prefix = "to_tsquery('english', %(last)s || ':*')"
    values = {"text": text, "before": unfinished["before"], "last": unfinished["last"]}
    if values["before"]:
        prefix = f"websearch_to_tsquery('english', %(before)s) && {prefix}"
    return f"{whole} || ({prefix})", values
