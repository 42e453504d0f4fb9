"""How often one may ask, and whose requests are counted together."""

import io
from collections.abc import Iterator

import pytest
import redis
from fastapi import Request
from fastapi.testclient import TestClient
from limits import RateLimitItemPerMinute

from storefront.application import create_application
from storefront.client_address import client_address
from storefront.rate_limits import RateCounters
from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import PASSWORD, register, sign_in
from tests.storefront.published import plain_resources, published

NOWHERE = "redis://127.0.0.1:1"
OTHER = "somebody.else@example.com"


def _client(shop: Shop, cache_url: str, **limits: int) -> TestClient:
    resources = plain_resources(published(shop.conninfo, cache_url), limits=limits)
    resources.bus = shop.bus
    resources.rate_counters.now = lambda: 0.0  # no window ends while the test runs, however slow this machine is
    return TestClient(create_application(resources), follow_redirects=False, headers={"Sec-Fetch-Site": "same-origin"})


def _from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_an_address_that_asks_too_often_is_told_when_to_come_back(shop: Shop, cache_url: str) -> None:
    with _client(shop, cache_url, address_requests_per_minute=3) as client:
        answers = [client.get("/api/cart", headers=_from("192.0.2.1")) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        refused = answers[3]
        assert refused.json()["type"] == "urn:retail:problem:too-many-requests"
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
        assert answers[0].headers["ratelimit"].startswith('"address";r=2;t=')
        assert refused.headers["ratelimit"].startswith('"address";r=0;t=')
        assert client.get("/api/cart", headers=_from("192.0.2.2")).status_code == 200
        assert client.get("/", headers=_from("192.0.2.1")).status_code == 200
        assert client.post("/checkout", data={}, headers=_from("192.0.2.1")).status_code == 429


def test_a_session_that_asks_too_often_is_counted_wherever_it_comes_from(shop: Shop, cache_url: str) -> None:
    mug = shop.add_product()
    with _client(shop, cache_url, session_requests_per_minute=2) as client:
        client.put(f"/api/cart/items/{mug}", json={"quantity": 1})
        answers = [client.get("/api/cart", headers=_from(f"192.0.2.{number}")) for number in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert '"session";q=2;w=60' in answers[0].headers["ratelimit-policy"]
        client.cookies.clear()
        assert client.get("/api/cart", headers=_from("192.0.2.9")).status_code == 200


def test_without_a_cache_nobody_is_limited_and_that_is_said_once(
    shop: Shop, logs: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.rate_limits.SECONDS_WITHOUT_CACHE", 0.0)
    with _client(shop, NOWHERE, address_requests_per_minute=1) as client:
        for _ in range(4):
            answer = client.get("/api/products")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
    assert logs.getvalue().count("without a cache nobody's requests are counted") == 1


def test_counting_goes_on_when_the_cache_is_back(cache_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.rate_limits.SECONDS_WITHOUT_CACHE", 0.0)
    limit = RateLimitItemPerMinute(5)
    cache = redis.Redis.from_url(NOWHERE)
    counters = RateCounters(lambda: cache)
    assert counters.hit("test", limit, "somebody") is None
    cache = redis.Redis.from_url(cache_url)
    standing = counters.hit("test", limit, "somebody")
    assert standing is not None
    assert standing.remaining == 4


@pytest.fixture(params=["cache", "no cache"])
def guarded(request: pytest.FixtureRequest, shop: Shop, cache_url: str) -> Iterator[TestClient]:
    """A shop that lets one try three times for an account from an address, five times in all, eight from an address."""
    where = cache_url if request.param == "cache" else NOWHERE
    limits = {"sign_ins_per_account_and_address": 3, "sign_ins_per_account": 5, "sign_ins_per_address": 8}
    with _client(shop, where, **limits) as client:
        yield client


def test_guessing_a_password_ends_after_some_attempts_even_for_who_knows_it_then(guarded: TestClient) -> None:
    register(guarded, EMAIL)
    for attempt in range(3):
        assert sign_in(guarded, EMAIL.upper() if attempt else EMAIL, "a wrong guess").status_code == 401
    refused = sign_in(guarded, EMAIL)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:retail:problem:too-many-attempts")
    assert 0 < int(refused.headers["retry-after"]) <= 900
    form = {"email": EMAIL, "password": PASSWORD}
    assert guarded.post("/account/sign-in", data=form, headers={"Accept": "text/html"}).status_code == 429
    assert sign_in(guarded, OTHER, "another guess").status_code == 401


def test_guessing_from_everywhere_ends_too(guarded: TestClient) -> None:
    register(guarded, EMAIL)
    for attempt in range(5):
        guarded.headers["X-Forwarded-For"] = f"192.0.2.{attempt}"
        assert sign_in(guarded, EMAIL, "a wrong guess").status_code == 401
    guarded.headers["X-Forwarded-For"] = "192.0.2.9"
    assert sign_in(guarded, EMAIL).status_code == 429
    assert sign_in(guarded, OTHER, "another guess").status_code == 401


def test_a_stranger_keeps_nobody_out_from_one_address(guarded: TestClient) -> None:
    register(guarded, EMAIL)
    guarded.headers["X-Forwarded-For"] = "192.0.2.1"
    statuses = [sign_in(guarded, EMAIL, "a wrong guess").status_code for _ in range(8)]
    assert statuses == [401] * 3 + [429] * 5
    guarded.headers["X-Forwarded-For"] = "198.51.100.1"
    assert sign_in(guarded, EMAIL).status_code == 204


def test_one_address_may_not_try_every_account(guarded: TestClient) -> None:
    statuses = [sign_in(guarded, f"kim{number}@example.com", "a wrong guess").status_code for number in range(9)]
    assert statuses == [401] * 8 + [429]
    assert register(guarded, EMAIL).status_code == 429


def test_who_signs_in_begins_anew(guarded: TestClient) -> None:
    register(guarded, EMAIL)
    for _ in range(2):
        sign_in(guarded, EMAIL, "a typing mistake")
        assert sign_in(guarded, EMAIL).status_code == 204


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, "127.0.0.9"),
        ({"X-Forwarded-For": "192.0.2.1"}, "192.0.2.1"),
        ({"X-Forwarded-For": "invented, 192.0.2.1"}, "192.0.2.1"),
        ({"X-Forwarded-For": "192.0.2.1, invented"}, "127.0.0.9"),
        ({"CloudFront-Viewer-Address": "192.0.2.7:1234", "X-Forwarded-For": "192.0.2.1"}, "192.0.2.1"),
        (
            {
                "CloudFront-Viewer-Address": "192.0.2.7:1234",
                "X-Forwarded-For": "192.0.2.1",
                "X-Origin-Verify": "compared by the load balancer",
            },
            "192.0.2.7",
        ),
        ({"CloudFront-Viewer-Address": "2001:db8:1:2:3::4:1234", "X-Origin-Verify": "x"}, "2001:db8:1:2::/64"),
        ({"CloudFront-Viewer-Address": "192.0.2.7:1234", "X-Origin-Verify": ""}, "127.0.0.9"),
        ({"X-Forwarded-For": "2001:db8:1:2::9"}, "2001:db8:1:2::/64"),
    ],
)
def test_the_address_is_the_one_that_cannot_be_invented(headers: dict[str, str], address: str) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw, "client": ("127.0.0.9", 5)}
    assert client_address(Request(scope)) == address
