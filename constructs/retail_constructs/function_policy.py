"""What Lambda needs of every function's role and AWS gives no resource level for."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from retail_constructs.compliance import acknowledge


class FunctionPolicy(iam.ManagedPolicy):
    """Sending traces, and the network interfaces that Lambda makes: one policy for the roles of all functions.

    The interface calls are those of AWS's own AWSLambdaVPCAccessExecutionRole, which would add all logs.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        interfaces = [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ]
        traces = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        super().__init__(
            scope,
            id,
            description="What Lambda does with the role of every function of the shop",
            statements=[
                iam.PolicyStatement(sid=sid, actions=actions, resources=["*"])
                for sid, actions in (("NetworkInterfaces", interfaces), ("Traces", traces))
            ],
        )
        acknowledge(
            self,
            "AwsSolutions-IAM5[Resource::*]",
            because="X-Ray and the interface calls of Lambda have no resource level. Only roles that Lambda alone may "
            "assume have this policy, and everything else they hold names its resource.",
        )
