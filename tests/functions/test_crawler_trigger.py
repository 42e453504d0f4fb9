"""The crawler trigger as Lambda calls it."""

import json

import pytest

from crawler_trigger import handler as crawler_trigger
from retail import clients
from tests.functions.graveyard import Graveyard
from tests.functions.invocation import Context, batch, failed


class CrawlerRunningException(Exception):  # noqa: N818 the name that Glue gave it
    """As Glue's client raises it."""


class EntityNotFoundException(Exception):  # noqa: N818
    """As Glue's client raises it."""


class Exceptions:
    """As botocore hangs them on a client."""

    CrawlerRunningException = CrawlerRunningException
    EntityNotFoundException = EntityNotFoundException


class RememberingGlue:
    """Starts crawlers, except those that run."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.running: set[str] = set()
        self.partitions: set[tuple[str, str, str]] = set()

    def get_partition(self, *, DatabaseName: str, TableName: str, PartitionValues: list[str]) -> None:  # noqa: N803
        if (DatabaseName, TableName, *PartitionValues) not in self.partitions:
            raise EntityNotFoundException(PartitionValues)

    def start_crawler(self, *, Name: str) -> None:  # noqa: N803
        self.asked.append(Name)
        if Name in self.running:
            raise CrawlerRunningException(Name)


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> RememberingGlue:
    glue = RememberingGlue()
    monkeypatch.setattr(clients, "glue", lambda: glue)
    monkeypatch.setenv("RETAIL_ENVIRONMENT", "test")
    monkeypatch.setenv("CRAWLERS", json.dumps({"raw/orders/": "orders-crawler", "raw/products/": "products-crawler"}))
    monkeypatch.setenv("CATALOG_DATABASE", "retail_test")
    crawler_trigger.settings.cache_clear()
    return glue


def _created(key: str) -> str:
    return json.dumps(
        {
            "detail-type": "Object Created",
            "source": "aws.s3",
            "detail": {"bucket": {"name": "b"}, "object": {"key": key}},
        }
    )


ORDERS = [_created(f"raw/orders/date=2026-11-20/{number}.json") for number in range(3)]


def test_several_objects_of_one_prefix_start_its_crawler_once(glue: RememberingGlue) -> None:
    assert failed(crawler_trigger.handler(batch(*ORDERS, _created("raw/products/1.json")), Context())) == []
    assert glue.asked == ["orders-crawler", "products-crawler"]


def test_the_next_batch_starts_the_crawler_again(glue: RememberingGlue) -> None:
    for _ in range(2):
        crawler_trigger.handler(batch(ORDERS[0]), Context())
    assert glue.asked == ["orders-crawler", "orders-crawler"]


def test_an_object_of_a_partition_that_the_catalog_has_starts_nothing(glue: RememberingGlue) -> None:
    glue.partitions.add(("retail_test", "raw_orders", "2026-11-20"))
    tomorrow = _created("raw/orders/date=2026-11-21/1.json")
    assert failed(crawler_trigger.handler(batch(*ORDERS), Context())) == []
    assert glue.asked == []
    crawler_trigger.handler(batch(ORDERS[0], tomorrow), Context())
    assert glue.asked == ["orders-crawler"]


def test_a_running_crawler_is_asked_once_and_its_objects_come_back_later(glue: RememberingGlue) -> None:
    glue.running.add("orders-crawler")
    response = crawler_trigger.handler(batch(ORDERS[0], _created("raw/products/1.json"), ORDERS[1]), Context())
    assert failed(response) == ["0", "2"]
    assert glue.asked == ["orders-crawler", "products-crawler"]


def test_what_names_no_known_object_is_given_up_alone_with_its_reason(
    glue: RememberingGlue, graveyard: Graveyard
) -> None:
    response = crawler_trigger.handler(batch("{", "[]", _created("curated/x.parquet"), ORDERS[0]), Context())
    assert failed(response) == []
    assert len(graveyard.reasons) == 3
    assert "no crawler for curated/x.parquet" in graveyard.reasons[2]
    assert glue.asked == ["orders-crawler"]
