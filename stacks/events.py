"""The asynchronous half of the shop: one bus, three consumers, one topic."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import Placement
from retail_constructs.event_bus import RetailEventBus
from retail_constructs.event_consumer import EventConsumer
from retail_constructs.function import FunctionProps, NetworkAccess
from retail_constructs.lake_delivery import LakeDelivery
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
        self.notifications = sns.Topic(
            self, "OrderNotifications", display_name="Your order", master_key=key, enforce_ssl=True
        )

        def function(package: str, description: str, variables: dict[str, str]) -> FunctionProps:
            return FunctionProps(
                package=package,
                description=description,
                environment_name=placement.name,
                key=key,
                alarm_topic=security.alarm_topic,
                log_days=log_days,
                concurrency=CONCURRENCY,
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
            function=function(
                "order_processor",
                "Archives and charges a placed order",
                {
                    "LAKE_BUCKET": data.lake.bucket.bucket_name,
                    "EVENT_BUS_NAME": self.bus.bus.event_bus_name,
                    "PAYMENT_GATEWAY": payment_gateway,
                },
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
                {"CACHE_ENDPOINT": data.cache.endpoint, "LAKE_BUCKET": data.lake.bucket.bucket_name},
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
                {"TOPIC_ARN": self.notifications.topic_arn},
            ),
        )
        self.consumers = (self.order_processing, self.inventory_update, self.notification)

        for consumer in self.consumers:
            secret.grant_read(consumer.consumer.role)
        orders = self.order_processing.consumer.role
        data.lake.allow_writes(orders, "raw/orders/")
        for prefix in ("raw/inventory/", "raw/products/"):
            data.lake.allow_writes(self.inventory_update.consumer.role, prefix)
        self.bus.bus.grant_put_events_to(orders)
        self.notification.consumer.role.add_to_policy(
            iam.PolicyStatement(actions=["sns:Publish"], resources=[self.notifications.topic_arn])
        )
        key.grant(self.notification.consumer.role, "kms:GenerateDataKey", "kms:Decrypt")
