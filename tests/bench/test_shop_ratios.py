"""The arithmetic of what the shop costs, and that the bare SQL is all of its SQL and the same."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import dict_row

from bench.shop.bare_sql import Recorder, run_again
from bench.shop.product_page import BARE as BARE_PAGE
from bench.shop.product_page import SHOP as SHOP_PAGE
from bench.shop.product_page import Result, Round
from bench.shop.rounds import BARE, SHOP, Rounds
from retail.checkout import Customer, check_out
from tests.retail.shop import EMAIL, HOME, Shop
from tests.retail.shop import shop as shop


def test_a_cost_is_the_middle_ratio_of_rounds_that_ran_together() -> None:
    rounds = Rounds({SHOP: [2.0, 30.0, 9.0], BARE: [1.0, 10.0, 1.0]})
    assert rounds.cost == pytest.approx(3)
    assert rounds.document("", {})["rate_of_bare_rate"] == 0.33


def test_a_share_is_the_middle_one_of_the_rounds_and_so_is_the_spread() -> None:
    shop = [Round(50, 60, 1, 2), Round(80, 60, 1, 3), Round(70, 60, 1, 9)]
    result = Result({BARE_PAGE: [Round(100, 100, 1, 1)] * 3, SHOP_PAGE: shop})
    assert result.share(SHOP_PAGE) == pytest.approx(0.7)
    assert result.share(SHOP_PAGE, "requests_per_processor_second") == pytest.approx(0.6)
    assert result.spread(SHOP_PAGE) == pytest.approx(3)


def test_the_bare_sql_of_a_checkout_leaves_the_same_rows(shop: Shop) -> None:
    product = shop.add_product(stock=10)
    recorder = Recorder(shop.conninfo)
    order = check_out(
        recorder, {product: 3}, Customer("session", EMAIL, "tok_visa", HOME), correlation_id="correlation"
    )
    shop.rows("TRUNCATE orders, order_items, order_transitions, reservations, outbox CASCADE")
    shop.rows("UPDATE products SET reserved_count = 0")
    with psycopg.connect(shop.conninfo, autocommit=True, row_factory=dict_row) as connection:
        run_again(connection, recorder.transactions)
    assert shop.status(order.id) == "PENDING"
    assert shop.stock(product) == (10, 3)
    assert (shop.count("order_items"), shop.count("reservations"), shop.count("outbox")) == (1, 1, 2)
    assert shop.count("deliveries") == 1
