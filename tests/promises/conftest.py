"""The shop of these tests."""

from tests.retail.shop import shop as shop
