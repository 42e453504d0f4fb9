"""Customers: who has an account, and who of them works here."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from retail.database import Connection, Database
from retail.passwords import check_password, hash_password, is_password, needs_rehash

NOBODYS_SESSION = "deleted"  # no digest


@dataclass(frozen=True)
class Account:
    """Somebody with an account."""

    id: UUID
    email: str = field(repr=False)
    name: str = field(repr=False)
    is_staff: bool
    password_hash: str = field(repr=False)


def register(writer: Database, *, email: str, name: str, password: str) -> bool:
    """Open an account; False, and nothing changed, when the address has one already.

    Takes the same time in both cases. Who asks must not be told which it was: whether somebody has an account is
    nobody else's business. Raises UnsuitablePasswordError.
    """
    check_password(password, context=_context(email, name))
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
    account = to_account(row)
    if not needs_rehash(account.password_hash):
        return account
    anew = hash_password(password)
    with writer.transaction() as connection:
        hashed = connection.execute(
            "UPDATE customers SET password_hash = %s WHERE id = %s AND password_hash = %s RETURNING *",
            [anew, account.id, account.password_hash],
        ).fetchone()
    return to_account(hashed) if hashed else authenticate(writer, email=email, password=password)


def replace_password(connection: Connection, customer_id: UUID, hashed: str) -> None:
    """Keep this hash in place of the one before."""
    connection.execute("UPDATE customers SET password_hash = %s WHERE id = %s", [hashed, customer_id])


def hash_new_password(account: Account, password: str) -> str:
    """The hash to keep for the new password of an account; raises UnsuitablePasswordError."""
    check_password(password, context=_context(account.email, account.name))
    return hash_password(password)


def delete_account(connection: Connection, customer_id: UUID) -> None:
    """Delete the account with its sessions. What it ordered stays, without anything that leads to a person.

    An order keeps its number, its articles, its amounts and its dates, which the books need. Its e-mail address goes,
    and nobody's session leads to it any more, the one it was placed in included. Where it goes is erased with it, or
    some time after its end where that is still to come.
    """
    connection.execute(
        "DELETE FROM deliveries USING orders WHERE order_id = orders.id AND customer_id = %s AND ended_at IS NOT NULL",
        [customer_id],
    )
    connection.execute(
        "UPDATE orders SET customer_id = NULL, email = NULL, session_key = %s WHERE customer_id = %s",
        [NOBODYS_SESSION, customer_id],
    )
    connection.execute("DELETE FROM customers WHERE id = %s", [customer_id])


def is_staff(connection: Connection, customer_id: UUID) -> bool:
    """Whether the customer works here, at this moment."""
    row = connection.execute("SELECT is_staff FROM customers WHERE id = %s", [customer_id]).fetchone()
    return row is not None and bool(row["is_staff"])


def to_account(row: dict[str, Any]) -> Account:
    """The account in a full row of the table."""
    return Account(
        id=row["id"], email=row["email"], name=row["name"], is_staff=row["is_staff"], password_hash=row["password_hash"]
    )


def _context(email: str, name: str) -> tuple[str, ...]:
    return email, email.partition("@")[0], name
