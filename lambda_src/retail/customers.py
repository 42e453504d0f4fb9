"""Customers: who has an account, and who of them works here."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from retail.database import Connection, Database
from retail.passwords import check_password, hash_password, is_password, needs_rehash


@dataclass(frozen=True)
class Account:
    """Somebody with an account."""

    id: UUID
    email: str = field(repr=False)
    name: str = field(repr=False)
    is_staff: bool


def register(writer: Database, *, email: str, name: str, password: str) -> bool:
    """Open an account; False, and nothing changed, when the address has one already.

    Takes the same time in both cases. Who asks must not be told which it was: whether somebody has an account is
    nobody else's business. Raises UnsuitablePasswordError.
    """
    check_password(password, context=(email, email.partition("@")[0], name))
    hashed = hash_password(password)
    with writer.transaction() as connection:
        inserted = connection.execute(
            "INSERT INTO customers (id, email, name, password_hash) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [uuid4(), email, name, hashed],
        )
    return inserted.rowcount == 1


def authenticate(writer: Database, *, email: str, password: str) -> Account | None:
    """The customer with this address and password, or None; takes as long when there is no such address."""
    with writer.transaction() as connection:
        row = connection.execute("SELECT * FROM customers WHERE lower(email) = lower(%s)", [email]).fetchone()
    if not is_password(password, row["password_hash"] if row else None) or row is None:
        return None
    if needs_rehash(row["password_hash"]):
        with writer.transaction() as connection:
            connection.execute(
                "UPDATE customers SET password_hash = %s WHERE id = %s AND password_hash = %s",
                [hash_password(password), row["id"], row["password_hash"]],
            )
    return to_account(row)


def is_staff(connection: Connection, customer_id: UUID) -> bool:
    """Whether the customer works here, at this moment."""
    row = connection.execute("SELECT is_staff FROM customers WHERE id = %s", [customer_id]).fetchone()
    return row is not None and bool(row["is_staff"])


def to_account(row: dict[str, Any]) -> Account:
    """The account in a full row of the table."""
    return Account(id=row["id"], email=row["email"], name=row["name"], is_staff=row["is_staff"])
