"""Interface endpoints for the services to which so much goes that NAT would cost more."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from retail_constructs.function import APPLICATION_SUBNETS

# List prices of us-east-2 in USD. The hours of the NAT gateways are no part of it: they are there in any case, for
# payment providers and for the services with less traffic.
NAT_PER_GIGABYTE = 0.045
ENDPOINT_PER_GIGABYTE = 0.01
ENDPOINT_PER_ZONE_AND_MONTH = 0.01 * 730


def pays(gigabytes: float, *, zones: int) -> bool:
    """Whether an endpoint in so many zones costs less than NAT for that traffic a month: 626 GB for three zones."""
    return gigabytes * (NAT_PER_GIGABYTE - ENDPOINT_PER_GIGABYTE) > zones * ENDPOINT_PER_ZONE_AND_MONTH


class InterfaceEndpoints(Construct):
    """An endpoint with private DNS for each service whose expected traffic (GB a month) pays for it, in every zone.

    Each admits HTTPS from the network's own addresses (`cidr`) and nothing else.
    """

    def __init__(
        self, scope: Construct, id: str, *, vpc: ec2.Vpc, cidr: str, expected_gigabytes: Mapping[str, float]
    ) -> None:
        super().__init__(scope, id)
        zones = len(vpc.availability_zones)
        for service, gigabytes in expected_gigabytes.items():
            if pays(gigabytes, zones=zones):
                endpoint = ec2.InterfaceVpcEndpoint(
                    self,
                    "".join(word.capitalize() for word in service.replace(".", "-").split("-")),
                    vpc=vpc,
                    service=ec2.InterfaceVpcEndpointAwsService(service),
                    subnets=APPLICATION_SUBNETS,
                    private_dns_enabled=True,
                    open=False,
                )
                endpoint.connections.allow_from(ec2.Peer.ipv4(cidr), ec2.Port.tcp(443), "HTTPS from the network")
