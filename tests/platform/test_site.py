"""Row P3 on the deployed platform: files from the bucket, the rest from the storefront."""

from __future__ import annotations

import re
import ssl

import httpx2 as httpx
import pytest

from storefront.rendering import STATIC, STATIC_VERSION
from tests.platform.deployed import PATIENCE_SECONDS, Deployed


@pytest.fixture(scope="module")
def edge(platform: Deployed) -> httpx.Client:
    """The deployed distribution, as a visitor's browser sees it."""
    found = platform.emulator.client("cloudfront").get_distribution(Id=platform.resource("ingress", "Cdn"))
    trust = ssl.create_default_context(cafile=str(platform.emulator.authority))
    host = str(found["Distribution"]["DomainName"])
    return httpx.Client(
        base_url=platform.emulator.endpoint, verify=trust, timeout=PATIENCE_SECONDS, headers={"Host": host}
    )


def test_p3_the_files_that_pages_name_are_served_from_the_bucket(platform: Deployed, edge: httpx.Client) -> None:
    bucket = platform.resource("ingress", "Site")
    s3 = platform.emulator.client("s3")
    (address,) = set(re.findall(r"/static/\w+/shop\.css", edge.get("/").text))
    marked = b"/* from the bucket */" + (STATIC / "shop.css").read_bytes()
    stored = s3.get_object(Bucket=bucket, Key=address.lstrip("/"))["Body"].read()
    s3.put_object(Bucket=bucket, Key=address.lstrip("/"), Body=marked, ContentType="text/css; charset=utf-8")
    served = edge.get(address)
    s3.put_object(Bucket=bucket, Key=address.lstrip("/"), Body=stored, ContentType="text/css; charset=utf-8")

    assert address == f"/static/{STATIC_VERSION}/shop.css"
    assert stored == (STATIC / "shop.css").read_bytes()
    assert (served.status_code, served.content) == (200, marked)
    assert "default-src 'none'" in served.headers["content-security-policy"]


def test_p3_what_the_bucket_lacks_comes_from_the_storefront(platform: Deployed, edge: httpx.Client) -> None:
    s3 = platform.emulator.client("s3")
    product = edge.get("/api/products").json()["items"][0]
    key = f"images/{product['sku']}.svg"
    drawn = s3.get_object(Bucket=platform.resource("ingress", "Site"), Key=key)["Body"].read()
    s3.delete_object(Bucket=platform.resource("ingress", "Site"), Key=key)

    answer = edge.get(f"/{key}")
    assert (answer.status_code, answer.content) == (200, drawn), "both origins give the same bytes"
    assert edge.get("/images/nothing.svg").status_code == 404
