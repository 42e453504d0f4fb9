"""What the shop sells. Reads go through the cache; the database is the truth."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from retail.cache import cache_errors
from retail.database import Connection, Database
from retail.errors import CacheUnavailableError, UnknownProductError
from retail.money import Money

if TYPE_CHECKING:
    from redis import Redis

PRODUCT_SECONDS = 300  # row E4: TTL 5 minutes
_LIST_KEY = "products:1"  # the number rises with the shape of Product: another version's entries are not read


class Product(BaseModel):
    """A product as a customer sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    sku: str
    name: str
    description: str
    price: Money
    available: int
    categories: list[str]
    attributes: dict[str, Any]


_products = TypeAdapter(list[Product])


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


def read_products(connection: Connection) -> list[Product]:
    """All products by name."""
    return [to_product(row) for row in connection.execute("SELECT * FROM products ORDER BY name, id").fetchall()]


def read_product(connection: Connection, product_id: UUID) -> Product:
    """One product; raises UnknownProductError."""
    row = connection.execute("SELECT * FROM products WHERE id = %s", [product_id]).fetchone()
    if row is None:
        raise UnknownProductError(product_id)
    return to_product(row)


class Catalog:
    """Read-through: a hit never touches the database, and without a cache every read is a miss."""

    def __init__(self, database: Database, cache: "Redis") -> None:
        self._database = database
        self._cache = cache

    def products(self) -> list[Product]:
        """All products by name, at most five minutes old."""
        cached = self._recall(_LIST_KEY)
        if cached is not None:
            return _products.validate_json(cached)
        with self._database.transaction() as connection:
            products = read_products(connection)
        self._remember(_LIST_KEY, _products.dump_json(products))
        return products

    def product(self, product_id: UUID) -> Product:
        """One product, at most five minutes old; raises UnknownProductError."""
        key = _product_key(product_id)
        cached = self._recall(key)
        if cached is not None:
            return Product.model_validate_json(cached)
        with self._database.transaction() as connection:
            product = read_product(connection, product_id)
        self._remember(key, product.model_dump_json().encode())
        return product

    def _recall(self, key: str) -> str | bytes | None:
        try:
            with cache_errors():
                return self._cache.get(key)
        except CacheUnavailableError:
            return None  # reported already; the database answers

    def _remember(self, key: str, content: bytes) -> None:
        try:
            with cache_errors():
                self._cache.set(key, content, ex=PRODUCT_SECONDS)
        except CacheUnavailableError:
            return  # reported already; the next reader tries again


def drop_cached(cache: "Redis", product_ids: list[UUID]) -> None:
    """Make the next read of these products, and of the list, come from the database; raises CacheUnavailableError."""
    with cache_errors():
        for key in [_LIST_KEY, *map(_product_key, product_ids)]:
            cache.delete(key)


def _product_key(product_id: UUID) -> str:
    return f"product:1:{product_id}"
