"""The network: three tiers over three zones."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from environments import NetworkPlan, Placement
from retail_constructs.compliance import acknowledge, in_packs
from stacks.retail_stack import RetailStack


class NetworkingStack(RetailStack):
    """A VPC of three tiers (public, application, isolated data) with free gateway endpoints for S3 and DynamoDB."""

    def __init__(self, scope: Construct, id: str, *, placement: Placement, plan: NetworkPlan) -> None:
        super().__init__(scope, id, placement=placement)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(plan.cidr),
            availability_zones=list(plan.zones),
            nat_gateways=plan.nat_gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                # Room for tasks and for the network interfaces of functions: 4,091 addresses per zone in a /16.
                ec2.SubnetConfiguration(
                    name="Application", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=22
                ),
                ec2.SubnetConfiguration(name="Data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        self._acknowledge_findings()

    def _acknowledge_findings(self) -> None:
        acknowledge(
            self.vpc,
            "AwsSolutions-VPC7",
            *in_packs("VPCFlowLogsEnabled", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="The flow log of this network is in the security stack, where the key that encrypts it is.",
        )
        acknowledge(
            self.vpc,
            *in_packs("VPCDefaultSecurityGroupClosed", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="Nothing joins the default group: every interface has a group of the security stack.",
        )
        acknowledge(
            self.vpc,
            *in_packs("VPCNoUnrestrictedRouteToIGW", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="Only the public subnets have it, for NAT and the load balancer, which admits CloudFront alone.",
        )
