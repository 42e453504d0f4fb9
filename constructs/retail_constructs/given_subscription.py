"""Somebody who is told of what goes to a topic, if the deployment says who."""

from __future__ import annotations

from aws_cdk import CfnCondition, CfnParameter, Fn
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct


def subscribe_if_given(
    scope: Construct,
    id: str,
    *,
    parameter: str,
    description: str,
    protocol: str,
    topic: sns.ITopic,
    dead_letters: sqs.IQueue | None = None,
) -> sns.CfnSubscription:
    """Subscribe the address that the deployment's `parameter` holds to `topic`; nobody, if it is empty.

    So no address is in a template or in the repository: `cdk deploy … --parameters <stack>:<parameter>=…`. What cannot
    be delivered goes to `dead_letters`.
    """
    address = CfnParameter(scope, id, default="", no_echo=True, description=description)
    address.override_logical_id(parameter)
    subscription = sns.CfnSubscription(
        scope,
        f"{id}Subscription",
        topic_arn=topic.topic_arn,
        protocol=protocol,
        endpoint=address.value_as_string,
        redrive_policy={"deadLetterTargetArn": dead_letters.queue_arn} if dead_letters else None,
    )
    given = Fn.condition_not(Fn.condition_equals(address, ""))
    subscription.cfn_options.condition = CfnCondition(scope, f"{id}Given", expression=given)
    return subscription
