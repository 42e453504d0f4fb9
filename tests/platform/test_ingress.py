"""The way in: through the emulated distribution and load balancer, whose rules are the deployed ones."""

from __future__ import annotations

import json
import ssl

import httpx2 as httpx
import pytest

from tests.platform.deployed import PATIENCE_SECONDS, Deployed, eventually

HEADER = "X-Origin-Verify"


@pytest.fixture(scope="module")
def gateway(platform: Deployed) -> httpx.Client:
    """The emulator's door, behind which every load balancer and distribution answers to its own host name."""
    trust = ssl.create_default_context(cafile=str(platform.emulator.authority))
    return httpx.Client(base_url=platform.emulator.endpoint, verify=trust, timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def load_balancer(platform: Deployed) -> str:
    """The host name of the load balancer that the distribution calls."""
    arn = platform.resource("ingress", "LoadBalancer")
    found = platform.emulator.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return str(found[0]["DNSName"])


@pytest.fixture(scope="module")
def distribution(platform: Deployed) -> str:
    """The host name of the distribution."""
    found = platform.emulator.client("cloudfront").get_distribution(Id=platform.resource("ingress", "Cdn"))
    return str(found["Distribution"]["DomainName"])


def secret_value(platform: Deployed) -> str:
    """What CloudFront sends now."""
    secrets = platform.emulator.client("secretsmanager")
    secret = secrets.get_secret_value(SecretId=platform.resource("ingress", "OriginSecret"))["SecretString"]
    return str(json.loads(secret)["value"])


def test_p4_the_load_balancer_refuses_who_does_not_come_through_the_distribution(
    platform: Deployed, gateway: httpx.Client, load_balancer: str
) -> None:
    for headers in ({}, {HEADER: "a guess"}, {HEADER: "*"}):
        refused = gateway.get("/api/products", headers={"Host": load_balancer, **headers})
        assert refused.status_code == 403
        assert refused.text == ""


def test_p4_the_load_balancer_lets_the_secret_header_through_to_the_storefront(
    platform: Deployed, gateway: httpx.Client, load_balancer: str
) -> None:
    answer = gateway.get("/api/products", headers={"Host": load_balancer, HEADER: secret_value(platform)})
    assert answer.status_code == 200
    assert answer.json()["items"]


def test_p3_the_distribution_reaches_the_shop_and_its_pages(gateway: httpx.Client, distribution: str) -> None:
    products = gateway.get("/api/products", headers={"Host": distribution})
    assert products.json()["items"]
    home = gateway.get("/", headers={"Host": distribution})
    assert "In the window" in home.text


def test_p3_the_origin_secret_rotates_without_one_refused_request(
    platform: Deployed, gateway: httpx.Client, load_balancer: str, distribution: str
) -> None:
    old = secret_value(platform)
    platform.emulator.client("secretsmanager").rotate_secret(SecretId=platform.resource("ingress", "OriginSecret"))

    def through_the_balancer(value: str) -> int:
        return gateway.get("/api/products", headers={"Host": load_balancer, HEADER: value}).status_code

    def is_rotated() -> bool:
        assert gateway.get("/api/products", headers={"Host": distribution}).status_code == 200
        return secret_value(platform) != old and through_the_balancer(old) == 403

    eventually(is_rotated)
    assert through_the_balancer(secret_value(platform)) == 200
