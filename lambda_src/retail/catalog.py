"""What the shop sells. Reads go through the cache; the database is the truth.

A list in the cache holds ids, and each product has an entry of its own: a sale drops one product, and every list shows
the new stock at once. Lists drop all together, when the order of things may have changed. No entry outlives its day.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from retail.cache import cache_errors
from retail.database import Connection, Database
from retail.errors import CacheUnavailableError, UnknownCategoryError, UnknownProductError
from retail.money import Money
from retail.product_lists import Cursor, ProductIds, ProductQuery, read_page
from retail.read_through import SETTLING_SECONDS, ReadThrough

if TYPE_CHECKING:
    from redis import Redis

PRODUCT_SECONDS = 300  # row E4: TTL 5 minutes for products …
LIST_SECONDS = 3600  # … and 1 hour for category lists
DRAWING_SECONDS = 24 * 3600
_GENERATION_KEY = "catalog:generation"
_SHAPE = 2  # rises with the shape of what is kept: another version's entries are not read


class Product(BaseModel):
    """A product as a customer sees it; categories by their slugs."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    sku: str
    name: str
    description: str
    price: Money
    available: int
    categories: list[str]
    attributes: dict[str, Any]


class Category(BaseModel):
    """A shelf of the shop."""

    model_config = ConfigDict(frozen=True)

    slug: str
    name: str
    description: str
    cover_sku: str | None
    products: int


class ProductPage(BaseModel):
    """A page of a list, the cursor of the next one if there is one, and how many products the whole list has."""

    items: list[Product]
    next: str | None
    total: int


class Drawing(BaseModel):
    """What a product's picture is drawn from."""

    name: str
    drawing: dict[str, Any]


class _CachedList(ProductIds):
    generation: str


class _CachedCategories(BaseModel):
    generation: str
    items: list[Category]


def to_product(row: dict[str, Any]) -> Product:
    """The product in a full row of the table."""
    return Product(
        id=row["id"],
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        price=Money(amount=row["price"], currency=row["currency"]),
        available=row["inventory_count"] - row["reserved_count"],
        categories=row["categories"],
        attributes=row["attributes"],
    )


def read_products(connection: Connection, product_ids: Iterable[UUID]) -> list[Product]:
    """Those of the products that are sold."""
    rows = connection.execute("SELECT * FROM products WHERE id = ANY(%s) AND active", [list(product_ids)])
    return [to_product(row) for row in rows.fetchall()]


def read_categories(connection: Connection) -> list[Category]:
    """All categories in the order of the shop, each with the number of its products."""
    rows = connection.execute(
        "SELECT slug, name, description, cover_sku, (SELECT count(*) FROM products "
        "WHERE active AND categories @> jsonb_build_array(slug)) AS products FROM categories ORDER BY position, name"
    )
    return [Category.model_validate(row) for row in rows.fetchall()]


class Catalog:
    """Read-through: a hit never touches the database, and without a cache every read is a miss."""

    def __init__(
        self, database: Database, cache: "Redis", clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._cache = cache
        self._clock = clock
        self._kept = ReadThrough(cache)

    def product(self, product_id: UUID) -> Product:
        """One product, at most five minutes old; raises UnknownProductError."""
        return Product.model_validate_json(self.product_json(product_id))

    def product_json(self, product_id: UUID) -> str:
        """The same as its JSON, which the cache holds ready; raises UnknownProductError."""
        return self._kept.get(
            _product_key(product_id), lambda: self._load_product(product_id), seconds=self._today(PRODUCT_SECONDS)
        )

    def find(self, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        """Those of the products that are sold, in the order asked for; in one go, however many there are."""
        found = self._kept.get_many(
            map(_product_key, wanted := list(product_ids)), self._load_products, seconds=self._today(PRODUCT_SECONDS)
        )
        return {
            product_id: Product.model_validate_json(found[_product_key(product_id)])
            for product_id in wanted
            if _product_key(product_id) in found
        }

    def page(self, query: ProductQuery, cursor: str | None = None) -> ProductPage:
        """A page of a list: its products at most five minutes old, their order an hour. Raises ForeignCursorError.

        What depends on words or on the stock is at most five minutes old as a whole.
        """
        after = None if cursor is None else Cursor.read_for(query, cursor)
        generation, settled = self._generation()
        content = self._kept.get(
            f"products:{_SHAPE}:{query.digest}:{query.limit}:{cursor or ''}",
            lambda: self._load_page(query, after, generation),
            seconds=self._today(PRODUCT_SECONDS if query.text or query.in_stock else LIST_SECONDS)
            if settled
            else SETTLING_SECONDS,
            valid=lambda text: _CachedList.model_validate_json(text).generation == generation,
        )
        ids = _CachedList.model_validate_json(content)
        products = [product for product in self.find(ids.ids).values() if product.available > 0 or not query.in_stock]
        return ProductPage(items=products, next=ids.next, total=ids.total)

    def categories(self) -> list[Category]:
        """All categories in the order of the shop, at most an hour old."""
        generation, settled = self._generation()
        content = self._kept.get(
            f"categories:{_SHAPE}",
            lambda: self._load_categories(generation),
            seconds=self._today(LIST_SECONDS) if settled else SETTLING_SECONDS,
            valid=lambda text: _CachedCategories.model_validate_json(text).generation == generation,
        )
        return _CachedCategories.model_validate_json(content).items

    def _today(self, seconds: int) -> int:
        """So long, but not beyond midnight (UTC): row E4's flush, without anybody who has to do it."""
        now = self._clock()
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
        return min(seconds, max(1, int((midnight - now).total_seconds())))

    def category(self, slug: str) -> Category:
        """One category; raises UnknownCategoryError."""
        for category in self.categories():
            if category.slug == slug:
                return category
        raise UnknownCategoryError(slug)

    def drawing(self, sku: str) -> Drawing | None:
        """What the picture of this article is drawn from; of one that is not sold any more as well."""
        found = self._kept.get_many(
            [key := _drawing_key(sku)], lambda _: self._load_drawing(sku), seconds=self._today(DRAWING_SECONDS)
        )
        return Drawing.model_validate_json(found[key]) if key in found else None

    def _generation(self) -> tuple[str, bool]:
        """What every list must have been read under to count, and whether it is older than replication takes."""
        try:
            with cache_errors():
                generation = self._cache.get(_GENERATION_KEY)
                if generation is None:
                    self._cache.set(_GENERATION_KEY, _new_generation(), nx=True)
                    generation = self._cache.get(_GENERATION_KEY)
        except CacheUnavailableError:
            return "", False  # reported already; nothing can be kept anyway
        began = str(generation or "0").partition("-")[0]
        return str(generation or ""), time.time() - float(began) > SETTLING_SECONDS

    def _load_product(self, product_id: UUID) -> str:
        with self._database.transaction() as connection:
            for product in read_products(connection, [product_id]):
                return product.model_dump_json()
        raise UnknownProductError(product_id)

    def _load_products(self, keys: list[str]) -> dict[str, str]:
        with self._database.transaction() as connection:
            products = read_products(connection, [UUID(key.rpartition(":")[2]) for key in keys])
        return {_product_key(product.id): product.model_dump_json() for product in products}

    def _load_page(self, query: ProductQuery, after: Cursor | None, generation: str) -> str:
        with self._database.transaction() as connection:
            page = read_page(connection, query, after)
        return _CachedList(generation=generation, **page.model_dump()).model_dump_json()

    def _load_categories(self, generation: str) -> str:
        with self._database.transaction() as connection:
            return _CachedCategories(generation=generation, items=read_categories(connection)).model_dump_json()

    def _load_drawing(self, sku: str) -> dict[str, str]:
        with self._database.transaction() as connection:
            row = connection.execute("SELECT name, drawing FROM products WHERE sku = %s", [sku]).fetchone()
        return {} if row is None else {_drawing_key(sku): Drawing.model_validate(row).model_dump_json()}


def drop_cached(cache: "Redis", product_ids: Iterable[UUID]) -> None:
    """Make the next read of these products, alone or in a list, ask the database; raises CacheUnavailableError."""
    ReadThrough(cache).drop(*map(_product_key, product_ids))


def drop_lists(cache: "Redis") -> None:
    """Make every list, and the categories, be read anew; raises CacheUnavailableError."""
    with cache_errors():
        cache.set(_GENERATION_KEY, _new_generation())


def drop_drawing(cache: "Redis", sku: str) -> None:
    """Make the picture of this article be drawn anew; raises CacheUnavailableError."""
    ReadThrough(cache).drop(_drawing_key(sku))


def _new_generation() -> str:
    """Never the same twice, not even after the cache forgot it; begins with the time."""
    return f"{time.time():.3f}-{uuid4().hex[:12]}"


def _product_key(product_id: UUID) -> str:
    return f"product:{_SHAPE}:{product_id}"


def _drawing_key(sku: str) -> str:
    return f"drawing:{_SHAPE}:{sku}"
