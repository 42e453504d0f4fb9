"""The shop's own event bus, encrypted, with everything on it kept for replay."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from retail_constructs.compliance import acknowledge
from retail_constructs.dead_letters import dead_letters_of

BUS_NAME = "RetailEventBus"
SOURCE_PREFIX = "retail."


class RetailEventBus(Construct):
    """The bus `RetailEventBus`, encrypted with `key`; its archive keeps every event of the shop for `archive_for`.

    The name is fixed, for publishers and the archive's readers know it in advance. An event that the bus took and can
    no longer read, because the key refuses it, waits in the bus's own dead-letter queue and calls a person. There is no
    log of the bus: what a rule cannot deliver lies in its target's dead-letter queue, with the reason.
    """

    def __init__(
        self, scope: Construct, id: str, *, key: kms.IKey, archive_for: Duration, alarm_topic: sns.ITopic
    ) -> None:
        super().__init__(scope, id)
        self.dead_letter_queue = dead_letters_of(
            self,
            key=key,
            description="The bus could not read an event it took, or not hand it to the lake: its attributes say why; "
            "look at the key's policy and the delivery's role, then replay it from here",
            runbook="dead-letters-of-the-bus",
            alarm_topic=alarm_topic,
        )
        self.bus = events.EventBus(
            self,
            "Default",
            event_bus_name=BUS_NAME,
            description="Orders, payments, stock and shipping of the shop",
            kms_key=key,
            dead_letter_queue=self.dead_letter_queue,
        )
        self.dead_letter_queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="UnreadableEvents",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.dead_letter_queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": self.bus.event_bus_arn}},
            )
        )
        acknowledge(
            self.dead_letter_queue,
            "AwsSolutions-SQS3",
            because="It is a dead-letter queue itself, of the bus, which the rule does not know to have one. "
            "Its alarm calls a person at the first event.",
        )
        events.Archive(  # not bus.archive(…), which loses the key
            self,
            "Archive",
            source_event_bus=self.bus,
            description="Every event of the shop, replayable",
            event_pattern=events.EventPattern(source=events.Match.prefix(SOURCE_PREFIX)),
            retention=archive_for,
            kms_key=key,
        )

    def take_dead_letters_of(self, rule: events.Rule) -> None:
        """What the rule cannot deliver waits with the bus's own dead letters, and is replayed onto the bus."""
        self.dead_letter_queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"Undelivered{rule.node.id}",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.dead_letter_queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.rule_arn}},
            )
        )

    @staticmethod
    def shop_events(*detail_types: str) -> events.EventPattern:
        """Matches these events of the shop, whichever part of it published them."""
        return events.EventPattern(source=events.Match.prefix(SOURCE_PREFIX), detail_type=list(detail_types))
