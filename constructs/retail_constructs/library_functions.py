"""The functions that CDK brings along for resources of its own: their logs and tags like those of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from retail_constructs.function import retention

# By CDK's names: what empties buckets that go with their stack, and the default security group.
_PROVIDERS = ("Custom::S3AutoDeleteObjectsCustomResourceProvider", "Custom::VpcRestrictDefaultSGCustomResourceProvider")


def adopt_library_functions(stack: Stack, *, key: kms.IKey, log_days: int, tags: Mapping[str, str]) -> None:
    """Give each such function of `stack` a log group under `key`, kept `log_days`, and the `tags` of all resources.

    CDK makes them as plain resources, which no tag reaches, and Lambda would make the group, open and for ever. Call it
    last: a function that comes afterwards stays as CDK makes it.
    """
    for name in _PROVIDERS:
        if provider := stack.node.try_find_child(name):
            log_group = logs.LogGroup(
                cast(Construct, provider),
                "Logs",
                encryption_key=key,
                retention=retention(log_days),
                removal_policy=RemovalPolicy.DESTROY,
            )
            handler, role = (cast(CfnResource, provider.node.find_child(id)) for id in ("Handler", "Role"))
            handler.add_property_override("LoggingConfig", {"LogGroup": log_group.log_group_name})
            for resource in (handler, role):
                resource.add_property_override("Tags", [{"Key": name, "Value": tags[name]} for name in sorted(tags)])
