"""Who asks a storefront for something, with a session that was there before it started."""

from __future__ import annotations

from retail.customer_sessions import CustomerSessions, read_signing_keys
from retail.customers import register, to_account
from storefront.sessions import COOKIE, Session, SessionCookies
from tests.promises.house import House
from tests.storefront.account import PASSWORD

EMPLOYEE = "robin.example@example.com"


class Person:
    """A session of the shop, as a guest or as somebody who works there."""

    def __init__(self, house: House, session: Session) -> None:
        self.session = session
        cookies = SessionCookies(lambda: read_signing_keys(house.shop.database))
        self.cookies = {COOKIE: cookies.write(session)}


def customer(house: House) -> Person:
    """Somebody who orders without an account."""
    return Person(house, Session.new())


def employee(house: House) -> Person:
    """Somebody who is signed in and works here."""
    session = Session.new(claims_customer=True)
    register(house.shop.database, email=EMPLOYEE, name="Robin Example", password=PASSWORD)
    (row,) = house.shop.rows("UPDATE customers SET is_staff = true WHERE email = %s RETURNING *", EMPLOYEE)
    CustomerSessions(house.shop.database, house.cache).begin(to_account(row), session_key=session.key, key_before=None)
    return Person(house, session)
