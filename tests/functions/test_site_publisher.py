"""Row P3: the bucket holds what the storefront would serve, byte for byte."""

import io
from typing import Any
from zipfile import ZipFile

import pytest

from retail import clients
from retail.pictures import draw
from retail.sample_catalog import insert_sample_catalog
from site_publisher.handler import handler
from storefront.rendering import STATIC, STATIC_VERSION
from tests.functions.cloudformation import CloudFormation
from tests.functions.invocation import Context
from tests.retail.shop import Shop

SOURCE = {"SourceBucket": "assets", "SourceKey": "hash.zip"}


class Buckets:
    """S3 with the deployment's asset and the site's bucket."""

    def __init__(self, **files: bytes) -> None:
        archive = io.BytesIO()
        with ZipFile(archive, "w") as content:
            for name, body in files.items():
                content.writestr(name, body)
        self.archive = archive.getvalue()
        self.site: dict[str, dict[str, Any]] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert (Bucket, Key) == ("assets", "hash.zip")
        return {"Body": io.BytesIO(self.archive)}

    def put_object(self, *, Bucket: str, Key: str, **more: Any) -> None:  # noqa: N803
        assert Bucket == "site"
        self.site[Key] = more


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_ENVIRONMENT", "test")
    monkeypatch.setenv("SITE_BUCKET", "site")
    monkeypatch.setenv("SAMPLE_CATALOG", "true")


def published(monkeypatch: pytest.MonkeyPatch, cloudformation: CloudFormation, **files: bytes) -> Buckets:
    buckets = Buckets(**files)
    monkeypatch.setattr(clients, "s3", lambda: buckets)
    handler(cloudformation.request("Create", ResourceProperties=SOURCE), Context())
    return buckets


def test_p3_static_files_lie_under_the_version_that_pages_ask_for(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.name: path.read_bytes() for path in STATIC.iterdir()}
    site = published(monkeypatch, cloudformation, **files).site
    assert cloudformation.answers[0]["Status"] == "SUCCESS"
    assert {key for key in site if key.startswith("static/")} == {f"static/{STATIC_VERSION}/{name}" for name in files}
    stylesheet = site[f"static/{STATIC_VERSION}/shop.css"]
    assert stylesheet["Body"] == files["shop.css"]
    assert stylesheet["ContentType"] == "text/css; charset=utf-8"
    assert stylesheet["CacheControl"] == "public, max-age=31536000, immutable"


def test_p3_a_file_that_changed_gets_a_version_of_its_own(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published(monkeypatch, cloudformation, **{"shop.css": b"body{}"})
    after = published(monkeypatch, cloudformation, **{"shop.css": b"body{color:red}"})
    assert {key for key in before.site if "shop.css" in key} & set(after.site) == set()


def test_p3_pictures_of_the_sample_catalog_are_those_that_the_storefront_draws(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch, shop: Shop
) -> None:
    insert_sample_catalog(shop.conninfo)
    site = published(monkeypatch, cloudformation, **{"shop.css": b"body{}"}).site
    products = shop.rows("SELECT sku, name, drawing FROM products")
    assert len(products) == 200
    for product in products:
        picture = site[f"images/{product['sku']}.svg"]
        assert picture["Body"] == draw(product["name"], product["drawing"]).encode()
        assert (picture["ContentType"], picture["CacheControl"]) == ("image/svg+xml", "public, max-age=86400")


def test_p3_without_a_sample_catalog_there_are_no_pictures(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_CATALOG", "false")
    site = published(monkeypatch, cloudformation, **{"shop.css": b"body{}"}).site
    assert [key for key in site if key.startswith("images/")] == []


def test_p3_a_file_of_unknown_type_fails_the_deployment_with_its_name(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(monkeypatch, cloudformation, **{"shop.exe": b"MZ"})
    assert cloudformation.answers[0]["Status"] == "FAILED"
    assert "shop.exe has no known type" in cloudformation.answers[0]["Reason"]


def test_p3_a_deletion_takes_nothing_away(cloudformation: CloudFormation) -> None:
    handler(cloudformation.request("Delete", PhysicalResourceId="site-files"), Context())
    assert cloudformation.answers[0]["Status"] == "SUCCESS"
