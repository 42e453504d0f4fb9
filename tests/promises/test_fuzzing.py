"""Promise: whatever fits the OpenAPI document, or nearly so, is answered as it says, and never by a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.specs.openapi.checks import ignored_auth

from local.cache import start_cache
from local.postgres import Postgres
from local.run_directory import RunDirectory
from retail.sample_catalog import insert_sample_catalog
from retail.schema import migrate
from storefront.application import create_application
from tests.storefront.account import PASSWORD
from tests.storefront.published import plain_resources, published
from tests.storefront.running import Storefront, running_storefront

pytestmark = pytest.mark.slow

EMAIL = "fuzzer@example.com"
EXAMPLES = 15

nowhere = published("host=nowhere port=1 dbname=none user=nobody", "redis://nowhere")
schema = schemathesis.openapi.from_dict(create_application(plain_resources(nowhere)).openapi())
bounded = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def storefront(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    """A storefront with a full catalog, over a database and a cache of its own that it may fill with anything."""
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fuzzed")
    conninfo = postgres.conninfo.replace("dbname=postgres", "dbname=fuzzed")
    migrate(conninfo)
    insert_sample_catalog(conninfo)
    directory = RunDirectory(tmp_path_factory.mktemp("fuzzed"))
    try:
        with running_storefront(conninfo, start_cache(directory).url) as storefront:
            yield storefront
    finally:
        directory.stop_all()


@pytest.fixture(scope="module")
def customer(storefront: Storefront) -> str:
    """The cookies of somebody who is signed in and has something in the cart."""
    with storefront.customer() as client:
        account = {"email": EMAIL, "name": "Kim Example", "password": PASSWORD}
        client.post("/api/customers", json=account).raise_for_status()
        client.post("/api/session", json={"email": EMAIL, "password": PASSWORD}).raise_for_status()
        product = client.get("/api/products").json()["items"][0]["id"]
        client.put(f"/api/cart/items/{product}", json={"quantity": 1}).raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def judge(case: schemathesis.Case[Any], storefront: Storefront, headers: dict[str, str]) -> None:
    """Call, and compare the answer with the document."""
    answer = case.call(base_url=storefront.address, headers=headers)
    # What a good password is, or an e-mail address that can exist, no schema can say: such a 422 is right.
    excluded = [positive_data_acceptance]
    if answer.status_code in (414, 431) or "" in (case.query or {}).values():
        # Refused, but not by a status that the check knows; or from a form, which sends its empty fields as well.
        excluded.append(negative_data_rejection)
    if headers:  # they hold a good session, whatever the case made of its own
        excluded += [ignored_auth, negative_data_rejection]
    case.validate_response(answer, excluded_checks=excluded)


@schema.parametrize()
@bounded
def test_a_stranger_gets_no_5xx(case: schemathesis.Case[Any], storefront: Storefront) -> None:
    judge(case, storefront, {})


@schema.parametrize()
@bounded
def test_a_customer_gets_no_5xx(case: schemathesis.Case[Any], storefront: Storefront, customer: str) -> None:
    judge(case, storefront, {"Cookie": customer})
