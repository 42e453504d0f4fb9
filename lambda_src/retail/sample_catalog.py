"""A catalog of 200 products on ten shelves, so that a new shop looks like one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg
from psycopg.types.json import Jsonb

_SHELVES = Path(__file__).parent / "shelves"
_FIRST_DAY, _BETWEEN_TWO = datetime(2025, 1, 6, 9, tzinfo=UTC), timedelta(days=3)
_APART = 73  # shares no factor with 200: neighbours on a shelf did not come in one after the other


def sample_categories() -> list[dict[str, Any]]:
    """The sample categories in the order of the shop, as the rows they become."""
    return [{key: shelf[key] for key in shelf if key != "products"} for shelf in _shelves()]


def sample_products() -> list[dict[str, Any]]:
    """The sample products, as the rows they become."""
    products = [(shelf["slug"], product) for shelf in _shelves() for product in shelf["products"]]
    return [
        {
            "id": uuid5(NAMESPACE_URL, f"retail:{product['sku']}"),
            "sku": product["sku"],
            "name": product["name"],
            "description": product["description"],
            "price": product["price"],
            "inventory_count": product["inventory_count"],
            "categories": [slug, *product.get("also_in", ())],
            "attributes": product["attributes"],
            "featured": product.get("featured", False),
            "drawing": {"picture": product["picture"], "tone": product["tone"]},
            "created_at": _FIRST_DAY + (index * _APART % len(products)) * _BETWEEN_TWO,
        }
        for index, (slug, product) in enumerate(products)
    ]


def insert_sample_catalog(conninfo: str) -> int:
    """Insert what is missing of the sample and return how many products; never touches what is there."""
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO categories (slug, name, description, position, cover_sku) "
            "VALUES (%(slug)s, %(name)s, %(description)s, %(position)s, %(cover_sku)s) ON CONFLICT DO NOTHING",
            sample_categories(),
        )
        documents = ("categories", "attributes", "drawing")
        cursor.executemany(
            "INSERT INTO products (id, sku, name, description, price, currency, inventory_count, "
            "categories, attributes, featured, drawing, created_at) VALUES (%(id)s, %(sku)s, %(name)s, "
            "%(description)s, %(price)s, 'USD', %(inventory_count)s, %(categories)s, %(attributes)s, "
            "%(featured)s, %(drawing)s, %(created_at)s) ON CONFLICT (sku) DO NOTHING",
            [product | {document: Jsonb(product[document]) for document in documents} for product in sample_products()],
        )
        return cursor.rowcount


def _shelves() -> list[dict[str, Any]]:
    shelves: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in _SHELVES.glob("*.json")]
    return sorted(shelves, key=lambda shelf: int(shelf["position"]))
