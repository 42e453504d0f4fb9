"""The function by which an operator has dead letters tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from retail_constructs.event_bus import RetailEventBus
from retail_constructs.event_consumer import EventConsumer
from retail_constructs.function import Function, FunctionProps


class Redrive(Construct):
    """May take from these dead-letter queues and put back where a message was to go, and nothing else.

    Who may invoke it needs no permission on a queue.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bus: RetailEventBus,
        consumers: Sequence[EventConsumer],
        function: FunctionProps,
    ) -> None:
        super().__init__(scope, id)
        dead_letters = {consumer.node.id: consumer.dead_letter_queue for consumer in consumers}
        dead_letters["Bus"] = bus.dead_letter_queue
        queues = {consumer.node.id: consumer.queue for consumer in consumers}
        variables = {
            "DEAD_LETTER_QUEUES": Stack.of(self).to_json_string(
                {name: q.queue_url for name, q in dead_letters.items()}
            ),
            "QUEUES": Stack.of(self).to_json_string({name: queue.queue_url for name, queue in queues.items()}),
            "EVENT_BUS_NAME": bus.bus.event_bus_name,
        }
        self.function = Function(self, "Function", replace(function, variables={**function.variables, **variables}))
        self.function.role.add_to_policy(
            iam.PolicyStatement(
                sid="TakeOut",
                actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
                resources=[queue.queue_arn for queue in dead_letters.values()],
            )
        )
        self.function.role.add_to_policy(
            iam.PolicyStatement(
                sid="PutBack", actions=["sqs:SendMessage"], resources=[queue.queue_arn for queue in queues.values()]
            )
        )
        bus.bus.grant_put_events_to(self.function.role)
