"""The storefront of these tests."""

from tests.retail.shop import shop as shop
from tests.storefront.conftest import client as client
from tests.storefront.conftest import logs as logs
from tests.storefront.conftest import resources as resources
from tests.storefront.conftest import stranger as stranger
