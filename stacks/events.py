"""The asynchronous half of the shop: one bus, three consumers, one topic, and what keeps events from getting lost."""

from __future__ import annotations

from dataclasses import replace

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import Placement
from retail_constructs.alarm import HeardAlarm
from retail_constructs.dead_letter_redrive import Redrive
from retail_constructs.event_bus import RetailEventBus
from retail_constructs.event_consumer import EventConsumer
from retail_constructs.function import FunctionProps, NetworkAccess
from retail_constructs.lake_delivery import LakeDelivery
from retail_constructs.order_topic import OrderTopic
from retail_constructs.scheduled_function import ScheduledFunction
from stacks.data import DataStack
from stacks.retail_stack import RetailStack
from stacks.security import SecurityStack

CONCURRENCY = 10  # per consumer: with ten messages each, 100 at once, and 30 connections to the writer at most


class EventsStack(RetailStack):
    """The asynchronous half of the shop: one bus, three consumers, one topic, and everything into the lake."""

    DATA_CLASS = "confidential"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        placement: Placement,
        vpc: ec2.IVpc,
        security: SecurityStack,
        data: DataStack,
        task_role: iam.IRole,
        payment_gateway: str,
        relay_minutes: int,
        lake_delivery_seconds: int,
        log_days: int,
    ) -> None:
        super().__init__(scope, id, placement=placement)
        key = self.import_key(security.key)
        secret = secretsmanager.Secret.from_secret_attributes(
            self, "DatabaseSecret", secret_complete_arn=security.database_secret.secret_arn, encryption_key=key
        )
        database = data.database_variables(secret)

        self.bus = RetailEventBus(self, "Bus", key=key, archive_for=Duration.days(90), alarm_topic=security.alarm_topic)
        self.bus.bus.grant_put_events_to(self.import_role("TaskRole", task_role))
        ssm.StringParameter(
            self,
            "BusParameter",
            parameter_name=f"{placement.parameter_prefix}/events/bus",
            string_value=self.bus.bus.event_bus_name,
        )
        self.lake_delivery = LakeDelivery(
            self,
            "LakeDelivery",
            bus=self.bus,
            lake=data.lake,
            key=key,
            gathered_for=Duration.seconds(lake_delivery_seconds),
            log_days=log_days,
            alarm_topic=security.alarm_topic,
        )
        self.notifications = OrderTopic(self, "OrderNotifications", key=key, alarm_topic=security.alarm_topic)

        payments = security.payment_secret
        payment_variables = {"PAYMENT_SECRET_ARN": payments.secret_arn} if payments else {}

        def function(
            package: str, description: str, variables: dict[str, str], *, concurrency: int = CONCURRENCY
        ) -> FunctionProps:
            return FunctionProps(
                package=package,
                description=description,
                environment_name=placement.name,
                key=key,
                alarm_topic=security.alarm_topic,
                log_days=log_days,
                concurrency=concurrency,
                network=NetworkAccess(vpc=vpc, security_group=security.tiers.functions),
                base_policy=security.function_policy,
                variables={**database, **variables},
            )

        self.order_processing = EventConsumer(
            self,
            "OrderProcessing",
            bus=self.bus.bus,
            pattern=RetailEventBus.shop_events(
                *("OrderPlaced", "PaymentProcessed", "OrderPaymentFailed", "OrderShipped", "OrderCancelled"),
                *("OrderReturned", "PaymentRefunded", "ProductAddedToCart"),
            ),
            function=replace(
                function(
                    "order_processor",
                    "Archives and charges a placed order",
                    {
                        "LAKE_BUCKET": data.lake.bucket.bucket_name,
                        "EVENT_BUS_NAME": self.bus.bus.event_bus_name,
                        "PAYMENT_GATEWAY": payment_gateway,
                        **payment_variables,
                    },
                ),
                timeout_seconds=120,  # ten charges that the gateway answers slowly, or not
            ),
        )
        self.inventory_update = EventConsumer(
            self,
            "InventoryUpdate",
            bus=self.bus.bus,
            pattern=RetailEventBus.shop_events(
                "InventoryReserved", "InventoryReleased", "InventoryAdjusted", "ProductChanged"
            ),
            function=function(
                "inventory_handler",
                "Turns a reservation into a decrement and drops the product from the cache",
                {"CACHE_ENDPOINT": data.cache.endpoint},
            ),
        )
        self.notification = EventConsumer(
            self,
            "Notification",
            bus=self.bus.bus,
            pattern=RetailEventBus.shop_events(
                "OrderPlaced", "OrderShipped", "OrderPaymentFailed", "OrderCancelled", "PaymentRefunded"
            ),
            function=function(
                "notification",
                "Tells the customer what happened to the order",
                {"TOPIC_ARN": self.notifications.topic.topic_arn},
            ),
        )
        self.consumers = (self.order_processing, self.inventory_update, self.notification)

        self.outbox_relay = ScheduledFunction(
            self,
            "OutboxRelay",
            every=Duration.minutes(relay_minutes),
            function=function(
                "outbox_relay",
                "Publishes what a crash left in the outbox and clears away what is old",
                {"EVENT_BUS_NAME": self.bus.bus.event_bus_name},
                concurrency=1,
            ),
        )
        self.bus.bus.grant_put_events_to(self.outbox_relay.function.role)
        self._watch_what_waits(security.alarm_topic, relay_minutes)
        HeardAlarm(
            self,
            "StockLowAlarm",
            metric=cloudwatch.Metric(
                namespace="RetailPlatform",
                metric_name="StockLow",
                dimensions_map={"service": "inventory-handler"},
                period=Duration.minutes(5),
                statistic="sum",
            ),
            threshold=1,
            description="An order left five pieces of a product, or fewer: buy new ones; the inventory handler's log "
            "names it",
            runbook="stock-low",
            topic=security.alarm_topic,
        )
        self.redrive = Redrive(
            self,
            "DeadLetterRedrive",
            bus=self.bus,
            consumers=self.consumers,
            function=replace(
                function("dead_letter_redrive", "Has dead letters tried again, for an operator", {}, concurrency=1),
                variables={},
                timeout_seconds=5 * 60,
                network=NetworkAccess(vpc=vpc, security_group=security.tiers.api_callers),
            ),
        )

        for reader in (*(consumer.consumer for consumer in self.consumers), self.outbox_relay.function):
            secret.grant_read(reader.role)
        orders = self.order_processing.consumer.role
        if payments:
            orders.add_to_policy(
                iam.PolicyStatement(
                    sid="PaymentKey", actions=["secretsmanager:GetSecretValue"], resources=[payments.secret_arn]
                )
            )
        data.lake.allow_writes(orders, "raw/orders/")
        self.bus.bus.grant_put_events_to(orders)
        self.notification.consumer.role.add_to_policy(
            iam.PolicyStatement(actions=["sns:Publish"], resources=[self.notifications.topic.topic_arn])
        )

    def _watch_what_waits(self, topic: sns.ITopic, relay_minutes: int) -> None:
        """Told before each run publishes: an event that is older than two runs was seen by one that could not."""

        def told(name: str) -> cloudwatch.Metric:
            return cloudwatch.Metric(
                namespace="RetailPlatform",
                metric_name=name,
                dimensions_map={"service": "outbox-relay"},
                period=Duration.minutes(max(relay_minutes, 1)),
                statistic="max",
            )

        self.outbox_age, self.orders_stuck = told("OutboxAge"), told("OrdersStuck")
        HeardAlarm(
            self,
            "OutboxAlarm",
            metric=self.outbox_age,
            threshold=max(2 * relay_minutes * 60, 300),
            description="Events wait in the outbox and do not reach the bus; read the outbox relay's log",
            runbook="outbox-waits",
            topic=topic,
        )
        HeardAlarm(
            self,
            "OrdersStuckAlarm",
            metric=self.orders_stuck,
            threshold=1,
            description="Orders have been PENDING for more than 15 minutes: see /admin/orders?status=PENDING, then the "
            "order processor's dead letters and log; the payment gateway may be away",
            runbook="orders-stuck",
            topic=topic,
        )
