"""Checkout and stock."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from retail import stock
from retail.checkout import Customer, check_out
from retail.database import SingleConnection
from retail.errors import (
    EmptyCartError,
    InsufficientStockError,
    RetailError,
    TotalNotChargeableError,
    UnknownProductError,
)
from tests.retail.shop import EMAIL, HOME, Shop


def test_a_checkout_writes_order_items_reservation_and_both_events(shop: Shop) -> None:
    mug, lamp = shop.add_product(price="12.50"), shop.add_product(price="80.00", name="Lamp")
    order = shop.order({mug: 2, lamp: 1})
    assert (order.status, str(order.total)) == ("PENDING", "USD 105.00")
    assert [step.status for step in order.steps] == ["PENDING"]
    assert {line.product_id: line.quantity for line in order.lines} == {mug: 2, lamp: 1}
    assert (shop.stock(mug), shop.stock(lamp)) == ((10, 2), (10, 1))
    assert Counter(row["detail_type"] for row in shop.rows("SELECT detail_type FROM outbox")) == {
        "OrderPlaced": 1,
        "InventoryReserved": 1,
    }


def test_no_event_holds_personal_data_or_the_payment_token(shop: Shop) -> None:
    shop.order({shop.add_product(): 1}, token="tok_visa", session_key="a-session-key")
    details = str(shop.rows("SELECT detail FROM outbox"))
    assert not any(secret in details for secret in (EMAIL, "tok_visa", "a-session-key"))


@pytest.mark.parametrize("case", ["empty", "unknown", "too many", "one of two too many"])
def test_a_refused_checkout_leaves_no_order_no_event_and_no_reservation(shop: Shop, case: str) -> None:
    mug, lamp = shop.add_product(stock=5), shop.add_product(stock=1)
    quantities, error = {
        "empty": ({}, EmptyCartError),
        "unknown": ({mug: 1, uuid4(): 1}, UnknownProductError),
        "too many": ({mug: 6}, InsufficientStockError),
        "one of two too many": ({mug: 1, lamp: 2}, InsufficientStockError),
    }[case]
    with pytest.raises(error):
        shop.order(quantities)
    assert [shop.count(table) for table in ("orders", "order_items", "reservations", "outbox")] == [0, 0, 0, 0]
    assert (shop.stock(mug), shop.stock(lamp)) == ((5, 0), (1, 0))


@pytest.mark.parametrize(
    ("price", "quantity", "fits"),
    [
        ("0.00", 99, False),
        ("0.49", 1, False),
        ("0.25", 2, True),
        ("999999.99", 1, True),
        ("500000.00", 2, False),
        ("99999999.99", 99, False),
    ],
)
def test_an_order_comes_to_what_a_card_can_be_charged_with(shop: Shop, price: str, quantity: int, fits: bool) -> None:
    bar, gift = shop.add_product(price=price, stock=100), shop.add_product(price="0.00")
    if fits:
        assert shop.order({bar: quantity, gift: 1}).status == "PENDING"
        return
    with pytest.raises(TotalNotChargeableError, match=r"USD 0\.50 at least and to USD 999,999\.99 at most"):
        shop.order({bar: quantity, gift: 1})
    assert [shop.count("orders"), shop.stock(bar)] == [0, (100, 0)]


def test_an_order_for_an_account_that_was_deleted_meanwhile_is_a_guest_s(shop: Shop) -> None:
    mug = shop.add_product()
    deleted = Customer(session_key="here", email=EMAIL, payment_token="tok_visa", delivery=HOME, customer_id=uuid4())
    order = check_out(shop.database, {mug: 2}, deleted, correlation_id="test-correlation")
    assert shop.rows("SELECT id, customer_id FROM orders") == [{"id": order.id, "customer_id": None}]
    assert str(deleted.customer_id) not in str(shop.rows("SELECT detail FROM outbox"))
    assert shop.stock(mug) == (10, 2)


def _order_in_a_thread_of_its_own(conninfo: str, quantities: dict[UUID, int]) -> str:
    database = SingleConnection(lambda: conninfo)
    customer = Customer(session_key=uuid4().hex, email=EMAIL, payment_token="tok_visa", delivery=HOME)
    try:
        return check_out(database, quantities, customer, correlation_id="test-correlation").status
    except RetailError as error:
        return type(error).__name__
    finally:
        database.close()


def test_twenty_customers_after_the_last_five_pieces_get_five_orders(shop: Shop) -> None:
    mug = shop.add_product(stock=5)
    with ThreadPoolExecutor(20) as pool:
        outcomes = Counter(pool.map(lambda _: _order_in_a_thread_of_its_own(shop.conninfo, {mug: 1}), range(20)))
    assert outcomes == {"PENDING": 5, "InsufficientStockError": 15}
    assert shop.stock(mug) == (5, 5)
    assert shop.count("orders") == 5


def test_carts_with_the_same_products_in_opposite_order_never_deadlock(shop: Shop) -> None:
    first, second = shop.add_product(stock=1000), shop.add_product(stock=1000)
    carts = [{first: 1, second: 1}, {second: 1, first: 1}] * 30
    with ThreadPoolExecutor(12) as pool:
        outcomes = Counter(pool.map(lambda cart: _order_in_a_thread_of_its_own(shop.conninfo, cart), carts))
    assert outcomes == {"PENDING": 60}


@pytest.mark.parametrize("first", ["decrement", "release"])
def test_release_and_decrement_end_in_the_same_stock_in_either_order(shop: Shop, first: str) -> None:
    mug = shop.add_product(stock=10)
    order = shop.order({mug: 3})
    moves = [stock.decrement, stock.release] if first == "decrement" else [stock.release, stock.decrement]
    for move in moves + moves:
        with shop.database.transaction() as connection:
            move(connection, order.id)
    assert shop.stock(mug) == (10, 0)
    assert shop.rows("SELECT status FROM reservations") == [{"status": "RELEASED"}]
