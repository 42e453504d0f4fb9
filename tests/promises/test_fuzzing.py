"""Promise: whatever fits the OpenAPI document, or nearly so, is answered as it says, and never by a 5xx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth

from local.cache import start_cache
from local.postgres import Postgres
from local.run_directory import RunDirectory
from retail.sample_catalog import insert_sample_catalog
from retail.schema import migrate
from storefront.application import create_application
from tests.promises.premises import Premises, Who, fits
from tests.storefront.published import plain_resources, published
from tests.storefront.running import Storefront, running_storefront

pytestmark = pytest.mark.slow

EXAMPLES = 15
DOORS = {401, 403, 404, 429}
PATIENCE_SECONDS = 60

nowhere = published("host=nowhere port=1 dbname=none user=nobody", "redis://nowhere")
schema = schemathesis.openapi.from_dict(create_application(plain_resources(nowhere)).openapi())
bounded = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def fuzzed(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Storefront, Premises]]:
    """A storefront with a full catalog, over a database and a cache of its own that it may fill with anything."""
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fuzzed")
    conninfo = postgres.conninfo.replace("dbname=postgres", "dbname=fuzzed")
    migrate(conninfo)
    insert_sample_catalog(conninfo)
    directory = RunDirectory(tmp_path_factory.mktemp("fuzzed"))
    try:
        cache_url = start_cache(directory).url
        premises = Premises(conninfo, cache_url)
        with running_storefront(conninfo, cache_url) as storefront:
            yield storefront, premises
        premises.close()
    finally:
        directory.stop_all()


@pytest.fixture
def answers() -> Iterator[Counter[int]]:
    """What the good requests of one operation were answered: none at the door, and some of them with success."""
    answers = Counter[int]()
    yield answers
    assert not DOORS & set(answers), answers
    assert any(200 <= status < 300 for status in answers), answers


def judge(case: schemathesis.Case[Any], storefront: Storefront, headers: dict[str, str]) -> int:
    """Call, compare the answer with the document, and return its status."""
    answer = case.call(base_url=storefront.address, headers=headers, timeout=PATIENCE_SECONDS)
    # What a good password is, or an e-mail address that can exist, no schema can say: such a 422 is right.
    excluded = [positive_data_acceptance]
    if answer.status_code in (414, 431) or "" in (case.query or {}).values():
        # Refused, but not by a status that the check knows; or from a form, which sends its empty fields as well.
        excluded.append(negative_data_rejection)
    if headers:  # they hold a good session …
        excluded.append(ignored_auth)
        if not fits(case, ParameterLocation.COOKIE):
            excluded.append(negative_data_rejection)  # … whatever the case made of its own
    case.validate_response(answer, excluded_checks=excluded)
    return answer.status_code


def visit(case: schemathesis.Case[Any], fuzzed: tuple[Storefront, Premises], who: Who, answers: Counter[int]) -> None:
    storefront, premises = fuzzed
    headers, helped = premises.let_in(case, who)
    status = judge(case, storefront, headers)
    if helped and case.meta and case.meta.generation.mode.is_positive:
        answers[status] += 1


@schema.parametrize()
@bounded
def test_a_stranger_gets_no_5xx(case: schemathesis.Case[Any], fuzzed: tuple[Storefront, Premises]) -> None:
    judge(case, fuzzed[0], {})


@schema.exclude(path_regex="^/api/admin/").parametrize()
@bounded
def test_a_customer_gets_no_5xx(
    case: schemathesis.Case[Any], fuzzed: tuple[Storefront, Premises], answers: Counter[int]
) -> None:
    visit(case, fuzzed, "customer", answers)


@schema.include(path_regex="^/api/admin/").parametrize()
@bounded
def test_an_employee_gets_no_5xx(
    case: schemathesis.Case[Any], fuzzed: tuple[Storefront, Premises], answers: Counter[int]
) -> None:
    visit(case, fuzzed, "employee", answers)
