"""Crawling (row P17): a new raw object starts the crawler of its prefix, unless the catalog has its partition already.

A crawl is charged for ten minutes at least and finds nothing new in a partition that is known: one for each object or
each few minutes would cost more than the rest of the platform.
"""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, Json

from retail import clients
from retail.consumer import consume_records
from retail.errors import MalformedMessageError, RetailError
from retail.observability import logger
from retail.settings import FunctionSettings


class Settings(FunctionSettings):
    """The environment variables of this function."""

    crawlers: Json[dict[str, str]] = Field(min_length=1, description="Prefix of the raw zone → name of its crawler")
    catalog_database: str


class CrawlerBusyError(RetailError):
    """The crawler is running and may have passed this object already, so it has to run once more, later."""


@cache
def settings() -> Settings:
    """The settings, read once."""
    return Settings.read()


class BatchOfStarts:
    """Starts each crawler at most once, however many objects of its prefix a batch holds."""

    def __init__(self) -> None:
        self._busy: dict[str, bool] = {}

    def start(self, crawler: str) -> None:
        """Start it unless this batch has; raises CrawlerBusyError, for each object of its prefix, if it is running."""
        if crawler not in self._busy:
            self._busy[crawler] = not _start(crawler)
        if self._busy[crawler]:
            raise CrawlerBusyError(
                f"crawler {crawler} is running: it is started for this object when the message returns"
            )


def _start(crawler: str) -> bool:
    glue = clients.glue()
    try:
        glue.start_crawler(Name=crawler)
    except glue.exceptions.CrawlerRunningException:
        return False
    logger.info("crawler started", crawler=crawler)
    return True


def crawler_of(body: str) -> str | None:
    """The crawler that an `Object Created` event needs, if any; raises MalformedMessageError if its prefix has none."""
    try:
        key: str = json.loads(body)["detail"]["object"]["key"]
    except (ValueError, KeyError, TypeError):
        raise MalformedMessageError("not an `Object Created` event of S3: detail.object.key is missing") from None
    crawlers = settings().crawlers
    for prefix, crawler in crawlers.items():
        if key.startswith(prefix):
            return None if _is_catalogued(prefix, key) else crawler
    raise MalformedMessageError(f"no crawler for {key}: CRAWLERS knows {', '.join(sorted(crawlers))}")


def _is_catalogued(prefix: str, key: str) -> bool:
    """Whether the object's folder (`date=2026-11-20`) is a partition of its prefix's table (`raw_orders`)."""
    folder, _, _name = key.removeprefix(prefix).partition("/")
    _column, is_partition, value = folder.partition("=")
    if not is_partition:
        return False
    glue = clients.glue()
    table = prefix.strip("/").replace("/", "_")
    try:
        glue.get_partition(DatabaseName=settings().catalog_database, TableName=table, PartitionValues=[value])
    except glue.exceptions.EntityNotFoundException:
        return False
    return True


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Start the crawlers that one batch of queue messages calls for."""
    starts = BatchOfStarts()

    def object_created(record: SQSRecord) -> None:
        if crawler := crawler_of(record.body):
            starts.start(crawler)

    return consume_records(event, context, object_created)
