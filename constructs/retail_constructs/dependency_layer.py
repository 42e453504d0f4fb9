"""The one layer of third-party packages that every function uses."""

from __future__ import annotations

from functools import cache

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from retail_constructs import layer_build


class DependencyLayer(lambda_.LayerVersion):
    """The packages pinned in `lambda_src/dependencies/`, once per stack.

    The asset's hash is that of the pins, not of the installed files, so a template is the same on every machine.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        code = lambda_.Code.from_asset(str(layer_build.build("lambda")), asset_hash=layer_build.fingerprint("lambda"))
        super().__init__(
            scope,
            id,
            code=code,
            description="Third-party packages of the retail functions",
            compatible_runtimes=[runtime()],
            compatible_architectures=[architecture()],
            removal_policy=RemovalPolicy.DESTROY,
        )

    @staticmethod
    def of(scope: Construct) -> lambda_.ILayerVersion:
        """The layer of the stack around `scope`, made on first use."""
        stack = Stack.of(scope)
        existing = stack.node.try_find_child("Dependencies")
        return existing if isinstance(existing, DependencyLayer) else DependencyLayer(stack, "Dependencies")


@cache
def runtime() -> lambda_.Runtime:
    """What every function of the shop runs on."""
    return lambda_.Runtime.PYTHON_3_14


@cache
def architecture() -> lambda_.Architecture:
    """The processor that the layer's packages are built for."""
    return lambda_.Architecture.ARM_64
