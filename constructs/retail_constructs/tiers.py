"""The security groups of all tiers, and every rule between them."""

from __future__ import annotations

from ipaddress import IPv4Network

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

APPLICATION_PORT = 8080
DATABASE_PORT = 5432
CACHE_PORT = 6379
HTTP, HTTPS = 80, 443


# Global Accelerator hands requests over with the addresses of those who sent them. A load balancer without a public
# address gets such requests from its accelerator alone; whatever is inside the network has a private address.
_INSIDE = IPv4Network("10.0.0.0/8")
PUBLIC_ADDRESSES = tuple(str(part) for part in sorted(IPv4Network("0.0.0.0/0").address_exclude(_INSIDE)))


class Tiers(Construct):
    """CloudFront → load balancer → application → database and cache; functions → database and cache.

    Nothing else is let in anywhere, and nothing goes out but that and HTTPS to AWS's own APIs. The database and the
    cache start no connection. With `tls` the load balancer listens on 443, and its redirects on 80 are admitted by a
    group of their own, for CloudFront's prefix list counts as 55 of a group's 60 rules; without, it listens on 80.
    `accelerated` adds the load balancer that the accelerator fronts, which admits public addresses and no inner one.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        cloudfront: ec2.IPeer,
        tls: bool,
        accelerated: bool,
    ) -> None:
        super().__init__(scope, id)
        self.load_balancer = self._group("LoadBalancer", vpc, "Admits CloudFront only")
        self.application = self._group("Application", vpc, "Tasks of the storefront")
        self.functions = self._group("Functions", vpc, "Functions that use database or cache")
        self.api_callers = self._group("ApiCallers", vpc, "Functions that use nothing but AWS APIs")
        self.warehouse = self._group("Warehouse", vpc, "Redshift, which reads the lake")
        self.database = self._group("Database", vpc, "Aurora")
        self.cache = self._group("Cache", vpc, "ElastiCache")

        self.load_balancer.add_ingress_rule(cloudfront, ec2.Port.tcp(HTTPS if tls else HTTP), "CloudFront")
        self.redirects = self._redirects(vpc, cloudfront) if tls else None
        self._allow(self.load_balancer, self.application, APPLICATION_PORT, "requests and health checks")
        self.api_load_balancer = self._accelerated(vpc) if accelerated else None
        for client in (self.application, self.functions):
            self._allow(client, self.database, DATABASE_PORT, "PostgreSQL over TLS")
            self._allow(client, self.cache, CACHE_PORT, "Valkey over TLS")
        for caller in (self.application, self.functions, self.api_callers, self.warehouse):
            caller.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "AWS APIs")

    def _redirects(self, vpc: ec2.IVpc, cloudfront: ec2.IPeer) -> ec2.SecurityGroup:
        redirects = self._group("Redirects", vpc, "Admits CloudFront to be redirected, and opens no connection")
        redirects.add_ingress_rule(cloudfront, ec2.Port.tcp(HTTP), "CloudFront")
        return redirects

    def _accelerated(self, vpc: ec2.IVpc) -> ec2.SecurityGroup:
        balancer = self._group("ApiLoadBalancer", vpc, "Admits the accelerator only")
        for addresses in PUBLIC_ADDRESSES:
            balancer.add_ingress_rule(ec2.Peer.ipv4(addresses), ec2.Port.tcp(HTTPS), "Accelerator")
        self._allow(balancer, self.application, APPLICATION_PORT, "requests and health checks")
        return balancer

    def _group(self, id: str, vpc: ec2.IVpc, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(self, id, vpc=vpc, description=description, allow_all_outbound=False)

    @staticmethod
    def _allow(source: ec2.SecurityGroup, target: ec2.SecurityGroup, port: int, what: str) -> None:
        source.add_egress_rule(target, ec2.Port.tcp(port), what)
        target.add_ingress_rule(source, ec2.Port.tcp(port), what)
