"""What a request needs so as not to be refused at the door: a session that is good, a full cart, and ids that exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle
from typing import Any, Literal
from uuid import UUID, uuid4

from redis import Redis
from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation

from retail.cart import Carts
from retail.customer_sessions import CustomerSessions, read_signing_keys
from retail.customers import Account, register, to_account
from retail.orders import Transition, advance
from retail.pictures import shapes, tones
from storefront.sessions import COOKIE, Session, SessionCookies
from tests.retail.shop import EMAIL, HOME, Shop
from tests.storefront.account import PASSWORD

Who = Literal["customer", "employee"]
LIVES = [(), (Transition.PAY, Transition.PROCESS), (Transition.PAY, Transition.PROCESS, Transition.SHIP)]


class Premises:
    """A shop with a customer and an employee, who have everything anew for each request."""

    def __init__(self, conninfo: str, cache_url: str) -> None:
        self.shop = Shop(conninfo)
        self._cache = Redis.from_url(cache_url, decode_responses=True)
        self._cookies = SessionCookies(lambda: read_signing_keys(self.shop.database))
        self._accounts = {
            "customer": self._open_account("customer", EMAIL),
            "employee": self._open_account("employee", "employee@example.com"),
        }
        self._slugs = [row["slug"] for row in self.shop.rows("SELECT slug FROM categories ORDER BY slug")]
        self._lives: defaultdict[str, Iterator[tuple[Transition, ...]]] = defaultdict(lambda: cycle(LIVES))
        self._helped: defaultdict[str, Iterator[bool]] = defaultdict(lambda: cycle([True, True, False]))

    def close(self) -> None:
        """Leave nothing connected."""
        self.shop.database.close()
        self._cache.close()

    def let_in(self, case: Case[Any], who: Who) -> tuple[dict[str, str], bool]:
        """The headers of somebody who may ask this, and whether all they ask for exists: so in two of three cases."""
        session = Session.new(claims_customer=True)
        over = case.path.startswith("/api/account/")  # what ends the account, or its sessions
        account = self._open_account(who, f"{uuid4().hex}@example.com") if over else self._accounts[who]
        CustomerSessions(self.shop.database, self._cache).begin(account, session_key=session.key, key_before=None)
        product = self.shop.add_product(stock=100)
        Carts(self._cache).put(session.key, product, 1)
        helped = next(self._helped[case.operation.label])
        if helped:
            self._complete(case, product, account.id)
        return {"Cookie": f"{COOKIE}={self._cookies.write(session)}"}, helped

    def _complete(self, case: Case[Any], product: UUID, account: UUID) -> None:
        """Put what exists into those parts that fit the document; what was broken on purpose stays broken."""
        if fits(case, ParameterLocation.PATH):
            if "product_id" in case.path_parameters:
                case.path_parameters["product_id"] = str(product)
            if "order_id" in case.path_parameters:
                case.path_parameters["order_id"] = str(
                    self._order(product, account, next(self._lives[case.operation.label]))
                )
            if "slug" in case.path_parameters:
                case.path_parameters["slug"] = self._empty_category()
        if fits(case, ParameterLocation.BODY) and isinstance(case.body, dict):
            known = {
                "email": EMAIL,
                "password": PASSWORD,
                "current_password": PASSWORD,
                "new_password": "eight yellow wagons",
                "id": str(uuid4()),
                "change": 5,
                "sku": uuid4().hex.upper(),
                "price": {"amount": "12.50", "currency": "USD"},
                "expected_total": {"amount": "12.50", "currency": "USD"},
                "delivery": HOME.model_dump(),
                "categories": self._slugs[:2],
                "slug": uuid4().hex,
                "cover_sku": None,
                "picture": shapes()[0],
                "tone": tones()[0],
                "version": self.shop.rows("SELECT version FROM products WHERE id = %s", product)[0]["version"],
            }
            if "cover_sku" in case.body:
                known["name"] = uuid4().hex  # two categories may not share one
            case.body |= {name: value for name, value in known.items() if name in case.body}

    def _order(self, product: UUID, account: UUID, life: tuple[Transition, ...]) -> UUID:
        order_id = self.shop.order({product: 1}).id
        self.shop.rows("UPDATE orders SET customer_id = %s WHERE id = %s", account, order_id)
        with self.shop.database.transaction() as connection:
            for transition in life:
                advance(connection, order_id, transition)
        return order_id

    def _empty_category(self) -> str:
        slug = uuid4().hex
        self.shop.rows("INSERT INTO categories (slug, name) VALUES (%s, %s)", slug, slug)
        return slug

    def _open_account(self, who: str, email: str) -> Account:
        register(self.shop.database, email=email, name="Kim Example", password=PASSWORD)
        (row,) = self.shop.rows(
            "UPDATE customers SET is_staff = %s WHERE email = %s RETURNING *", who == "employee", email
        )
        return to_account(row)


def fits(case: Case[Any], location: ParameterLocation) -> bool:
    """Whether this part of the request is as the document wants it."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or not part.mode.is_negative
