"""Who reaches whom on which port, computed from the templates alone: security groups, routes, listeners, entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any, TypeAlias

from environments import CLOUDFRONT_ORIGIN_FACING

Template: TypeAlias = dict[str, Any]

INTERNET, CLOUDFRONT, ACCELERATOR, OUTSIDE = "Internet", "CloudFront", "Accelerator", "Internet, by NAT"
ANYWHERE = ("0.0.0.0/0", "::/0")
ALL_PORTS = range(65536)
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"

_GROUP_LISTS = ("SecurityGroups", "SecurityGroupIds", "VpcSecurityGroupIds")


@dataclass(frozen=True, order=True)
class Reach:
    """`source` can open a connection to `target` on `port` (`80`, `443`, `all`)."""

    source: str
    target: str
    port: str


@dataclass(frozen=True)
class Rule:
    """What one group lets in or out: a peer (another group, a prefix list or an address range) and ports."""

    group: str
    inwards: bool
    peer: str
    ports: range

    def concerns(self, group: str) -> bool:
        """Whether members of that group are among the peers: by name, or because every address is."""
        return self.peer in (group, *ANYWHERE)


@dataclass
class Member:
    """Something with an address in the network: what it is, and what its subnets' routes make of it."""

    type: str
    logical_id: str
    public: bool
    outbound: bool
    ports: list[range] = field(default_factory=lambda: [ALL_PORTS])


class Network:
    """The network that the templates of one environment describe, by stack."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = templates
        self._resources = [
            (stack, logical_id, resource["Type"], resource.get("Properties", {}))
            for stack, template in templates.items()
            for logical_id, resource in template["Resources"].items()
        ]

    def reaches(self) -> list[Reach]:
        """Every connection that can be opened, sorted."""
        return sorted({*self._entries(), *self._between_groups(), *self._from_outside(), *self._to_outside()})

    def target(self, stack: str, value: Any) -> str:
        """The logical id that a reference leads to, through the outputs of other stacks; other text as it is."""
        if isinstance(value, str):
            return value
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            return str(value["Fn::GetAtt"][0])
        if "Fn::GetStackOutput" in value:
            reference = value["Fn::GetStackOutput"]
            owner = next(name for name in self._templates if reference["StackName"].endswith(f"-{name.lower()}"))
            return self.target(owner, self._templates[owner]["Outputs"][reference["OutputName"]]["Value"])
        raise ValueError(f"{stack}: cannot tell what {value} refers to")

    def _of(self, resource_type: str) -> Iterator[tuple[str, str, Template]]:
        return ((stack, name, found) for stack, name, kind, found in self._resources if kind == resource_type)

    @cached_property
    def rules(self) -> list[Rule]:
        """Every rule of every group, written inside the group or as a resource of its own."""
        found = []
        for inwards, kind in ((True, "SecurityGroupIngress"), (False, "SecurityGroupEgress")):
            for stack, group, properties in self._of("AWS::EC2::SecurityGroup"):
                found += [self._rule(stack, group, inwards, rule) for rule in properties.get(kind, [])]
            for stack, _, rule in self._of(f"AWS::EC2::{kind}"):
                found.append(self._rule(stack, self.target(stack, rule["GroupId"]), inwards, rule))
        return [rule for rule in found if rule.peer != "255.255.255.255/32"]  # CDK's way to write "nothing"

    def _rule(self, stack: str, group: str, inwards: bool, rule: Template) -> Rule:
        names = ("CidrIp", "CidrIpv6", "Id", "SecurityGroupId", "PrefixListId")
        peer = next(rule[key] for name in names for key in (name, f"Source{name}", f"Destination{name}") if key in rule)
        everything = rule["IpProtocol"] in ("-1", -1)
        ports = ALL_PORTS if everything else range(int(rule["FromPort"]), int(rule["ToPort"]) + 1)
        return Rule(group, inwards, self.target(stack, peer), ports)

    @cached_property
    def members(self) -> dict[str, list[Member]]:
        """What is in each group."""
        groups: dict[str, list[Member]] = {name: [] for _, name, _ in self._of("AWS::EC2::SecurityGroup")}
        for stack, logical_id, kind, properties in self._resources:
            named = [value for name in _GROUP_LISTS for values in _values(properties, name) for value in values]
            for group in {self.target(stack, value) for value in named} & set(groups):
                groups[group].append(self._member(kind, logical_id, properties, self._subnets(stack, properties)))
        return groups

    def _subnets(self, stack: str, properties: Template) -> list[str]:
        """The subnets that something is in, named by itself or by its subnet group."""
        for name in _values(properties, "DBSubnetGroupName"):
            group = self._templates[stack]["Resources"][self.target(stack, name)]
            return self._subnets(stack, group["Properties"])
        lists = [found for name in ("Subnets", "SubnetIds") for found in _values(properties, name)]
        return [self.target(stack, subnet) for found in lists for subnet in found]

    def _member(self, kind: str, logical_id: str, properties: Template, subnets: Iterable[str]) -> Member:
        ways = {self.routes.get(subnet, "") for subnet in subnets}
        addressed = {"internet-facing", "ENABLED", True, "true"} & {
            value for name in ("Scheme", "AssignPublicIp", "PubliclyAccessible") for value in _values(properties, name)
        }
        member = Member(kind, logical_id, bool(addressed and "internet" in ways), bool(ways & {"internet", "nat"}))
        if kind == LOAD_BALANCER:
            member.ports = [
                range(int(listener["Port"]), int(listener["Port"]) + 1)
                for stack, _, listener in self._of("AWS::ElasticLoadBalancingV2::Listener")
                if self.target(stack, listener["LoadBalancerArn"]) == logical_id
            ]
        return member

    @cached_property
    def routes(self) -> dict[str, str]:
        """Where each subnet's default route leads: `internet`, `nat`, or nowhere (absent)."""
        tables = {}
        for stack, _, route in self._of("AWS::EC2::Route"):
            if route.get("DestinationCidrBlock") in ANYWHERE or route.get("DestinationIpv6CidrBlock") in ANYWHERE:
                tables[self.target(stack, route["RouteTableId"])] = "internet" if "GatewayId" in route else "nat"
        return {
            self.target(stack, association["SubnetId"]): tables[table]
            for stack, _, association in self._of("AWS::EC2::SubnetRouteTableAssociation")
            if (table := self.target(stack, association["RouteTableId"])) in tables
        }

    def _entries(self) -> Iterator[Reach]:
        """What AWS itself offers to the internet: distributions and accelerators."""
        for _, _, properties in self._of("AWS::CloudFront::Distribution"):
            if properties["DistributionConfig"]["Enabled"]:
                yield from (Reach(INTERNET, CLOUDFRONT, port) for port in ("80", "443"))
        for _, _, listener in self._of("AWS::GlobalAccelerator::Listener"):
            for ports in listener["PortRanges"]:
                yield Reach(INTERNET, ACCELERATOR, _port(range(int(ports["FromPort"]), int(ports["ToPort"]) + 1)))

    def _from_outside(self) -> Iterator[Reach]:
        """What CloudFront's addresses, an accelerator's or any address on the internet get through to."""
        accelerated = {
            self.target(stack, endpoint["EndpointId"])
            for stack, _, group in self._of("AWS::GlobalAccelerator::EndpointGroup")
            for endpoint in group["EndpointConfigurations"]
        }
        for rule in (rule for rule in self.rules if rule.inwards):
            for member in self.members[rule.group]:
                for ports in (common for listened in member.ports if (common := _common(rule.ports, listened))):
                    if rule.peer in CLOUDFRONT_ORIGIN_FACING.values() and member.public:
                        yield Reach(CLOUDFRONT, tier(rule.group), _port(ports))
                    elif not self._is_group(rule.peer) and member.logical_id in accelerated:
                        yield Reach(ACCELERATOR, tier(rule.group), _port(ports))
                    elif not self._is_group(rule.peer) and not self._is_inside(rule.peer) and member.public:
                        yield Reach(INTERNET, tier(rule.group), _port(ports))

    def _between_groups(self) -> Iterator[Reach]:
        """One group reaches another where the first lets out what the second lets in, on ports that are listened on."""
        for out in (rule for rule in self.rules if not rule.inwards):
            for into in (rule for rule in self.rules if rule.inwards and rule.concerns(out.group)):
                if out.concerns(into.group) and self.members[out.group]:
                    for member in self.members[into.group]:
                        for ports in (_common(out.ports, into.ports, listened) for listened in member.ports):
                            if ports:
                                yield Reach(tier(out.group), tier(into.group), _port(ports))

    def _to_outside(self) -> Iterator[Reach]:
        for rule in self.rules:
            if not rule.inwards and rule.peer in ANYWHERE and any(m.outbound for m in self.members[rule.group]):
                yield Reach(tier(rule.group), OUTSIDE, _port(rule.ports))

    def _is_group(self, peer: str) -> bool:
        return peer in self.members

    def _is_inside(self, peer: str) -> bool:
        ranges = [IPv4Network(vpc["CidrBlock"]) for _, _, vpc in self._of("AWS::EC2::VPC")]
        return "." in peer and any(IPv4Network(peer).subnet_of(network) for network in ranges)


def tier(group: str) -> str:
    """What people call the group of that logical id: `Database` for `TiersDatabase3C71D9A3`."""
    return re.sub(r"[0-9A-F]{8}$", "", group).removeprefix("Tiers")


def _values(value: Any, name: str) -> Iterator[Any]:
    """What stands under that name, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            else:
                yield from _values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, name)


def _common(*ports: range) -> range:
    return range(max(each.start for each in ports), min(each.stop for each in ports))


def _port(ports: range) -> str:
    if ports == ALL_PORTS:
        return "all"
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports.stop - 1}"
