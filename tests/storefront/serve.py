"""The storefront in a process of its own, for tests that need one: DATABASE, CACHE and PORT in the environment.

Where STRIPE is an address cards are entered there, else they are chosen on the form. PATIENCE says whose patience with
database and cache it has: the tests' or the product's.
"""

import os
from uuid import UUID

from retail.bus import BusEntry
from storefront.__main__ import serve
from storefront.application import create_application
from tests.patience import be_patient
from tests.retail.stripe_api import KEY
from tests.storefront.published import STORE, plain_resources, published


class PatientBus:
    """Takes everything."""

    def put(self, _: list[BusEntry]) -> dict[UUID, str]:
        return {}


COUNTED = ("session_requests_per_minute", "address_requests_per_minute", "sign_ins_per_account", "sign_ins_per_address")
UNLIMITED = dict.fromkeys(COUNTED, 10**9)  # a test is one address

if os.environ["PATIENCE"] == "tests":
    be_patient()
resources = plain_resources(published(os.environ["DATABASE"], os.environ["CACHE"]), limits=UNLIMITED)
resources.bus = PatientBus()
if os.environ["STRIPE"]:
    from retail.stripe_account import StripeAccount  # half a second, for those who need it
    from retail.stripe_card_entry import StripeCardEntry

    resources.card_entry = StripeCardEntry(StripeAccount(lambda: KEY, base_address=os.environ["STRIPE"]), STORE)
serve(create_application(resources), host="127.0.0.1", port=int(os.environ["PORT"]))
