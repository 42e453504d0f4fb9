"""The topic that tells what happened to orders, and whom it tells."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from retail_constructs.compliance import acknowledge
from retail_constructs.dead_letters import dead_letters_of
from retail_constructs.given_subscription import subscribe_if_given

_CHANNELS = {
    "Email": ("email", "e-mail address"),
    "Sms": ("sms", "telephone number, +15551234567"),
    "Push": ("application", "ARN of a mobile push endpoint"),
}


class OrderTopic(Construct):
    """Fans out to e-mail, text message and push (row P14): to each channel whose address the deployment is given.

    The addresses are the deployment's parameters `OrderEmail`, `OrderSms` and `OrderPush`. A channel without one is not
    subscribed. What SNS cannot deliver after its retries waits two weeks as a dead letter, and an alarm tells
    `alarm_topic`.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, alarm_topic: sns.ITopic) -> None:
        super().__init__(scope, id)
        self.topic = sns.Topic(self, "Default", display_name="Your order", master_key=key, enforce_ssl=True)
        self.dead_letter_queue = self._dead_letters(key, alarm_topic)
        for channel, (protocol, what) in _CHANNELS.items():
            subscribe_if_given(
                self,
                channel,
                parameter=f"Order{channel}",
                description=f"Told what happens to orders, if any: {what}",
                protocol=protocol,
                topic=self.topic,
                dead_letters=self.dead_letter_queue,
            )

    def _dead_letters(self, key: kms.IKey, alarm_topic: sns.ITopic) -> sqs.Queue:
        queue = dead_letters_of(
            self,
            key=key,
            description="Somebody could not be told of an order: the message's attributes say why",
            runbook="somebody-was-not-told",
            alarm_topic=alarm_topic,
        )
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="UntoldOrders",
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": self.topic.topic_arn}},
            )
        )
        acknowledge(
            queue,
            "AwsSolutions-SQS3",
            because="It is a dead-letter queue itself, of the topic's subscriptions, which the rule does not know to "
            "have one. Its alarm calls a person at the first message.",
        )
        return queue
