"""The lake's catalog, kept in step with the lake, and the dashboard over everything."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Placement
from retail_constructs.data_lake import RAW_PREFIXES
from retail_constructs.event_consumer import Batching, EventConsumer
from retail_constructs.function import FunctionProps
from retail_constructs.raw_crawlers import RawCrawlers
from retail_constructs.shop_dashboard import ShopDashboard
from stacks.application import ApplicationStack
from stacks.data import DataStack
from stacks.events import EventsStack
from stacks.ingress import IngressStack
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack


class AnalyticsStack(RetailStack):
    """The catalog over the lake, a crawler for each new raw object, and one dashboard for the whole platform."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        security: SecurityStack,
        ingress: IngressStack,
        application: ApplicationStack,
        data: DataStack,
        events: EventsStack,
        crawl_window_seconds: int,
        log_days: int,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        key = self.import_key(security.key)
        lake = s3.Bucket.from_bucket_attributes(
            self, "Lake", bucket_name=data.lake.bucket.bucket_name, encryption_key=key
        )
        database = glue.CfnDatabase(
            self,
            "Catalog",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=f"retail_{placement.name}", description="Raw and curated tables of the lake"
            ),
        )
        self.crawlers = RawCrawlers(
            self,
            "Crawlers",
            database_name=database.ref,
            bucket=lake,
            prefixes=RAW_PREFIXES,
            key=key,
            log_days=log_days,
        )
        self.crawling = EventConsumer(
            self,
            "Crawling",
            pattern=_new_objects(lake, "raw/"),
            # A crawl takes minutes and refuses a second start: one for all objects of a window, not one for each.
            batching=Batching(size=1000 if crawl_window_seconds else 10, window_seconds=crawl_window_seconds),
            function=FunctionProps(
                package="crawler_trigger",
                description="Starts the crawler of a new object's prefix",
                environment_name=placement.name,
                key=key,
                alarm_topic=security.alarm_topic,
                log_days=log_days,
                concurrency=2,
                variables={
                    "CRAWLERS": self.to_json_string(
                        {prefix: crawler.ref for prefix, crawler in self.crawlers.crawlers.items()}
                    )
                },
            ),
        )
        self.crawling.consumer.role.add_to_policy(
            iam.PolicyStatement(
                sid="StartCrawlers",
                actions=["glue:StartCrawler"],
                resources=[self.crawlers.arn(prefix) for prefix in RAW_PREFIXES],
            )
        )
        ShopDashboard(
            self,
            "Dashboard",
            service=application.service.service,
            load_balancer=ingress.load_balancer.load_balancer,
            target_group=ingress.load_balancer.target_group,
            database=data.database.cluster,
            cache_name=data.cache.cache.serverless_cache_name,
            consumers={**{c.node.id: c for c in events.consumers}, self.crawling.node.id: self.crawling},
        )


def _new_objects(bucket: s3.IBucket, prefix: str) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [bucket.bucket_name]}, "object": {"key": [{"prefix": prefix}]}},
    )
