"""A small catalog, so that a new shop has something on its shelves."""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg
from psycopg.types.json import Jsonb

_FILE = Path(__file__).parent / "sample_catalog.json"


def sample_products() -> list[dict[str, Any]]:
    """The sample products, as the rows they become."""
    products: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return products


def insert_sample_catalog(conninfo: str) -> int:
    """Insert the sample products that are missing and return how many; never touches one that is there."""
    with psycopg.connect(conninfo) as connection:
        return sum(
            connection.execute(
                "INSERT INTO products "
                "(id, sku, name, description, price, currency, inventory_count, categories, attributes) "
                "VALUES (%(id)s, %(sku)s, %(name)s, %(description)s, %(price)s, 'USD', %(inventory_count)s, "
                "%(categories)s, %(attributes)s) ON CONFLICT (sku) DO NOTHING",
                {
                    **product,
                    "id": uuid5(NAMESPACE_URL, f"retail:{product['sku']}"),
                    "categories": Jsonb(product["categories"]),
                    "attributes": Jsonb(product["attributes"]),
                },
            ).rowcount
            for product in sample_products()
        )
