"""The lake's catalog and tables, those who ask of them, and the dashboard over everything."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Placement, WarehouseCapacity
from retail_constructs.analyst_workgroup import AnalystWorkgroup
from retail_constructs.daily_etl import DailyEtl
from retail_constructs.data_lake import RAW_PREFIXES
from retail_constructs.event_consumer import Batching, EventConsumer
from retail_constructs.function import FunctionProps, NetworkAccess
from retail_constructs.glue_security import GlueSecurity
from retail_constructs.lake_catalog import LakeCatalog
from retail_constructs.lake_zones import acknowledge_zones
from retail_constructs.log_bucket import removal_policy
from retail_constructs.raw_crawlers import RawCrawlers, table_name
from retail_constructs.shop_dashboard import ShopDashboard
from retail_constructs.warehouse import Warehouse
from retail_constructs.warehouse_setup import WarehouseSetup
from stacks.application import ApplicationStack
from stacks.data import DataStack
from stacks.events import EventsStack
from stacks.ingress import IngressStack
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack


class AnalyticsStack(RetailStack):
    """Crawlers, the nightly job, Athena and the warehouse over the lake, and one dashboard for the whole platform."""

    DATA_CLASS = "confidential"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        vpc: ec2.IVpc,
        security: SecurityStack,
        ingress: IngressStack,
        application: ApplicationStack,
        data: DataStack,
        events: EventsStack,
        crawl_window_seconds: int,
        warehouse: WarehouseCapacity | None,
        log_days: int,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        self._vpc, self._security, self._log_days = vpc, security, log_days
        self._key = self.import_key(security.key)
        self._lake = s3.Bucket.from_bucket_attributes(
            self, "Lake", bucket_name=data.lake.bucket.bucket_name, encryption_key=self._key
        )
        self.catalog = LakeCatalog(self, "Catalog", name=f"retail_{placement.name}", bucket=self._lake)
        glue_security = GlueSecurity(self, "GlueSecurity", name=self.stack_name, key=self._key)
        users = Construct(self, "Default")  # of this id, so that it is in no name: everything that works on the lake
        acknowledge_zones(users, self._lake)
        self.crawlers = RawCrawlers(
            users,
            "Crawlers",
            database_name=self.catalog.database_name,
            bucket=self._lake,
            prefixes=RAW_PREFIXES,
            security=glue_security,
            key=self._key,
            log_days=log_days,
        )
        self.crawling = self._crawl_new_objects(crawl_window_seconds)
        self.etl = DailyEtl(
            users,
            "Etl",
            bucket=self._lake,
            catalog=self.catalog,
            security=glue_security,
            key=self._key,
            log_days=log_days,
            alarm_topic=security.alarm_topic,
        )
        AnalystWorkgroup(
            self,
            "Analysts",
            name=f"retail-{placement.name}",
            bucket=self._lake,
            catalog=self.catalog,
            key=self._key,
            durable=placement.durable,
        )
        if warehouse:
            self._add_warehouse(users, warehouse)
        ShopDashboard(
            self,
            "Dashboard",
            alarms=_alarms_of(security, ingress, application, data, events, self),
            service=application.service.service,
            load_balancer=ingress.load_balancer.load_balancer,
            target_group=ingress.load_balancer.target_group,
            database=data.database.cluster,
            cache_name=data.cache.cache.serverless_cache_name,
            consumers={**{c.node.id: c for c in events.consumers}, self.crawling.node.id: self.crawling},
            other_dead_letters={
                "Bus": events.bus.dead_letter_queue,
                "Told nobody": events.notifications.dead_letter_queue,
                "Relay": events.outbox_relay.dead_letter_queue,
            },
            waiting={
                "Outbox: oldest event (s)": events.outbox_age,
                "Orders: PENDING for more than 15 minutes": events.orders_stuck,
            },
            delivery=events.lake_delivery,
            etl=self.etl,
        )

    def _crawl_new_objects(self, window_seconds: int) -> EventConsumer:
        """A crawl takes minutes and refuses a second start: one for all objects of a window, not one for each."""
        crawlers = {prefix: crawler.ref for prefix, crawler in self.crawlers.crawlers.items()}
        crawling = EventConsumer(
            self,
            "Crawling",
            pattern=_new_objects(self._lake, "raw/"),
            batching=Batching(size=1000 if window_seconds else 10, window_seconds=window_seconds),
            function=self._function(
                "crawler_trigger",
                "Starts the crawler of a new object's prefix",
                concurrency=2,
                variables={
                    "CRAWLERS": self.to_json_string(crawlers),
                    "CATALOG_DATABASE": self.catalog.database_name,
                },
            ),
        )
        crawling.consumer.role.add_to_policy(
            iam.PolicyStatement(
                sid="StartCrawlers",
                actions=["glue:StartCrawler"],
                resources=[self.crawlers.arn(prefix) for prefix in RAW_PREFIXES],
            )
        )
        crawling.consumer.role.add_to_policy(
            iam.PolicyStatement(
                sid="LookForPartitions",
                actions=["glue:GetPartition"],
                resources=self.catalog.arns(*(table_name(prefix) for prefix in RAW_PREFIXES)),
            )
        )
        return crawling

    def _add_warehouse(self, users: Construct, capacity: WarehouseCapacity) -> None:
        warehouse = Warehouse(
            users,
            "Warehouse",
            name=f"retail-{self.placement.name}",
            # Not the data subnets, from which nothing reaches Glue's API, where the external schema's tables are.
            network=NetworkAccess(vpc=self._vpc, security_group=self._security.tiers.warehouse),
            bucket=self._lake,
            catalog=self.catalog,
            key=self._key,
            base_rpu=capacity.base_rpu,
            log_days=self._log_days,
            removal=removal_policy(durable=self.placement.durable),
        )
        WarehouseSetup(
            self,
            "WarehouseSetup",
            warehouse=warehouse,
            catalog=self.catalog,
            job=self.etl.job.job_name,
            rpu_hours=capacity.rpu_hours_a_month,
            key=self._key,
            function=self._function(
                "warehouse_setup", "Gives the warehouse its external schema, views and usage limit", concurrency=1
            ),
        )

    def _function(
        self, package: str, description: str, *, concurrency: int, variables: dict[str, str] | None = None
    ) -> FunctionProps:
        return FunctionProps(
            package=package,
            description=description,
            environment_name=self.placement.name,
            key=self._key,
            alarm_topic=self._security.alarm_topic,
            log_days=self._log_days,
            concurrency=concurrency,
            network=NetworkAccess(vpc=self._vpc, security_group=self._security.tiers.api_callers),
            base_policy=self._security.function_policy,
            variables=variables or {},
        )


def _new_objects(bucket: s3.IBucket, prefix: str) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [bucket.bucket_name]}, "object": {"key": [{"prefix": prefix}]}},
    )


def _alarms_of(*stacks: RetailStack) -> list[cloudwatch.IAlarm]:
    """Every alarm of the stacks, in the order of their deployment."""
    return [child for stack in stacks for child in stack.node.find_all() if isinstance(child, cloudwatch.Alarm)]
