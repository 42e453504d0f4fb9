"""Promise: 100 clients after the last 10 pieces get exactly 10 orders, and the others a clear no."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from uuid import UUID

import httpx2 as httpx

from tests.retail.shop import CHECKOUT, Shop
from tests.storefront.running import Storefront
from tests.storefront.running import storefront as storefront

CUSTOMERS = 100
PATIENCE_SECONDS = 120


def order_at_once(storefront: Storefront, carts: list[list[UUID]]) -> list[httpx.Response]:
    """One customer for each cart; all fill theirs first, then all order in the same moment."""
    together = Barrier(len(carts), timeout=PATIENCE_SECONDS)

    def shop_for(customer: httpx.Client, cart: list[UUID]) -> httpx.Response:
        for product in cart:
            customer.put(f"/api/cart/items/{product}", json={"quantity": 1}).raise_for_status()
        together.wait()
        return customer.post("/api/orders", json=CHECKOUT)

    with ExitStack() as doors, ThreadPoolExecutor(len(carts)) as crowd:
        customers = [doors.enter_context(storefront.customer()) for _ in carts]
        return list(crowd.map(shop_for, customers, carts))


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_a_hundred_customers_after_the_last_ten_pieces_get_ten_orders(storefront: Storefront, shop: Shop) -> None:
    mug = shop.add_product(stock=10)
    answers = order_at_once(storefront, [[mug]] * CUSTOMERS)
    assert statuses(answers) == {201: 10, 409: 90}
    refusals = [answer.json() for answer in answers if answer.status_code == 409]
    assert {refusal["type"] for refusal in refusals} == {"urn:retail:problem:insufficient-stock"}
    assert {refusal["detail"] for refusal in refusals} == {"Mug: 1 wanted, sold out."}
    assert shop.stock(mug) == (10, 10)
    assert shop.count("orders") == 10
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {
        str(row["id"]) for row in shop.rows("SELECT id FROM orders")
    }


def test_carts_with_the_same_products_in_opposite_order_never_deadlock(storefront: Storefront, shop: Shop) -> None:
    pair = [shop.add_product(stock=10), shop.add_product(stock=10, name="Lamp")]
    answers = order_at_once(storefront, [pair, pair[::-1]] * 20)
    assert statuses(answers) == {201: 10, 409: 30}
    assert [shop.stock(product) for product in pair] == [(10, 10), (10, 10)]
