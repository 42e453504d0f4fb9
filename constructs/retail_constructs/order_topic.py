"""The topic that tells what happened to orders, and whom it tells."""

from __future__ import annotations

from aws_cdk import CfnCondition, CfnParameter, Fn
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

_CHANNELS = {
    "Email": ("email", "e-mail address"),
    "Sms": ("sms", "telephone number, +15551234567"),
    "Push": ("application", "ARN of a mobile push endpoint"),
}


class OrderTopic(Construct):
    """Fans out to e-mail, text message and push (row P14): to each channel whose address the deployment is given.

    The addresses are parameters of the deployment, so that none is in a template or in the repository:
    `cdk deploy … --parameters <stack>:OrderEmail=…`. A channel without one is not subscribed.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self.topic = sns.Topic(self, "Default", display_name="Your order", master_key=key, enforce_ssl=True)
        for channel, (protocol, what) in _CHANNELS.items():
            endpoint = CfnParameter(
                self, channel, default="", no_echo=True, description=f"Told what happens to orders, if any: {what}"
            )
            endpoint.override_logical_id(f"Order{channel}")
            is_given = CfnCondition(
                self, f"{channel}Given", expression=Fn.condition_not(Fn.condition_equals(endpoint, ""))
            )
            subscription = sns.CfnSubscription(
                self,
                f"{channel}Subscription",
                topic_arn=self.topic.topic_arn,
                protocol=protocol,
                endpoint=endpoint.value_as_string,
            )
            subscription.cfn_options.condition = is_given
