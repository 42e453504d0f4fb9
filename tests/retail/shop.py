"""A shop for tests: a migrated database, a bus that remembers, and the events that would travel over it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from retail.bus import BusEntry
from retail.checkout import Customer, check_out
from retail.database import SingleConnection
from retail.delivery import DeliveryAddress
from retail.events import BusEvent
from retail.orders import Order
from retail.payments import APPROVED_TOKEN
from retail.roles import FUNCTIONS
from retail.schema import migrate

EMAIL = "kim.example@example.com"
HOME = DeliveryAddress(
    recipient="Kim Example", line1="7 Herring Quay", city="Nowhere Sound", country="GB", postcode="ZZ99 3VZ"
)
# What is sent to order something: to the API, and by the form.
CHECKOUT: dict[str, Any] = {"email": EMAIL, "payment_token": APPROVED_TOKEN, "delivery": HOME.model_dump()}
FORM = {"email": EMAIL, "payment_token": APPROVED_TOKEN, **HOME.model_dump()}


class RememberingBus:
    """Keeps what it accepts; refuses the next events, or fails, when told to."""

    def __init__(self) -> None:
        self.entries: list[BusEntry] = []
        self.calls = 0
        self.refuse_next = 0
        self.fail_with: BaseException | None = None

    def put(self, entries: list[BusEntry]) -> dict[UUID, str]:
        """Accept, but for the first so many."""
        self.calls += 1
        if self.fail_with is not None:
            raise self.fail_with
        refused, accepted = entries[: self.refuse_next], entries[self.refuse_next :]
        self.refuse_next = 0
        self.entries += accepted
        return {entry.event_id: "ThrottlingException" for entry in refused}


class Shop:
    """What a test does in a shop."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.database = SingleConnection(lambda: conninfo)
        self.database_of_functions = SingleConnection(lambda: f"{conninfo} options='-c role={FUNCTIONS}'")
        self.bus = RememberingBus()

    def add_product(
        self, *, stock: int = 10, price: str = "12.50", name: str = "Mug", description: str = "", category: str = ""
    ) -> UUID:
        """A product of its own SKU, and its category where that is new."""
        product_id = uuid4()
        with self.database.transaction() as connection:
            if category:
                connection.execute(
                    "INSERT INTO categories (slug, name) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    [category, category.capitalize()],
                )
            connection.execute(
                "INSERT INTO products (id, sku, name, description, price, inventory_count, categories) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [product_id, product_id.hex, name, description, price, stock, Jsonb([category] if category else [])],
            )
        return product_id

    def order(self, quantities: dict[UUID, int], *, token: str = APPROVED_TOKEN, session_key: str = "session") -> Order:
        """A checkout."""
        customer = Customer(session_key=session_key, email=EMAIL, payment_token=token, delivery=HOME)
        return check_out(self.database, quantities, customer, correlation_id="test-correlation")

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What a query answers; nothing, for a statement that has no answer."""
        with self.database.transaction() as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def count(self, table: str) -> int:
        """How many rows a table has."""
        count: int = self.rows(f"SELECT count(*) AS count FROM {table}")[0]["count"]  # noqa: S608 a test's own table name
        return count

    def stock(self, product_id: UUID) -> tuple[int, int]:
        """Pieces in the house, and how many of them are reserved."""
        row = self.rows("SELECT inventory_count, reserved_count FROM products WHERE id = %s", product_id)[0]
        return row["inventory_count"], row["reserved_count"]

    def status(self, order_id: UUID) -> str:
        """The status of an order."""
        status: str = self.rows("SELECT status FROM orders WHERE id = %s", order_id)[0]["status"]
        return status

    def message(self, detail_type: str, order_id: UUID) -> str:
        """The queue message that the bus would deliver for an event of the outbox."""
        row = self.rows(
            "SELECT source, detail FROM outbox WHERE detail_type = %s AND detail #>> '{payload,order_id}' = %s",
            detail_type,
            str(order_id),
        )[0]
        return json.dumps(
            {"version": "0", "detail-type": detail_type, "source": row["source"], "detail": row["detail"]}
        )

    def event(self, detail_type: str, order_id: UUID) -> BusEvent:
        """The same, read."""
        return BusEvent.parse(self.message(detail_type, order_id))


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    """An empty shop with its tables."""
    migrate(database_url)
    shop = Shop(database_url)
    yield shop
    shop.database.close()
    shop.database_of_functions.close()
