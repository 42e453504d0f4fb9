"""The network: three tiers over three zones."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from environments import NetworkPlan, Placement
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.data_key import DataKey
from retail_constructs.function import retention
from retail_constructs.interface_endpoints import InterfaceEndpoints
from retail_constructs.log_bucket import removal_policy
from stacks.retail_stack import RetailStack


class NetworkingStack(RetailStack):
    """A VPC of three tiers (public, application, isolated data), free gateway endpoints, and others where they pay.

    All its traffic is logged. Its default security group is emptied: nothing joins it anyway.
    """

    def __init__(self, scope: Construct, id: str, *, placement: Placement, plan: NetworkPlan, log_days: int) -> None:
        super().__init__(scope, id, placement=placement)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(plan.cidr),
            availability_zones=list(plan.zones),
            nat_gateways=plan.nat_gateways,
            restrict_default_security_group=True,
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
        InterfaceEndpoints(
            self, "InterfaceEndpoints", vpc=self.vpc, cidr=plan.cidr, expected_gigabytes=plan.service_gigabytes
        )
        self._log_flows(log_days, durable=placement.durable)
        acknowledge(
            self.vpc,
            *in_packs("VPCNoUnrestrictedRouteToIGW", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
            because="Only the public subnets have it, for NAT and the load balancer, which admits CloudFront alone.",
        )

    def _log_flows(self, log_days: int, *, durable: bool) -> None:
        """All traffic, accepted and rejected, under a key of its own: the network is there before the data's key is."""
        key = DataKey(self, "LogKey", description="Flow logs", removal=removal_policy(durable=durable))
        self.log_key = key.key
        log_group = logs.LogGroup(
            self,
            "FlowLogs",
            encryption_key=key.key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        ec2.FlowLog(
            self,
            "FlowLog",
            resource_type=ec2.FlowLogResourceType.from_vpc(self.vpc),
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group),
            traffic_type=ec2.FlowLogTrafficType.ALL,
        )
