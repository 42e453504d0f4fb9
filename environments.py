"""What differs between environments, typed and validated: `DEV`, `STAGING`, `PROD`.

A combination that makes no sense fails when it is made, with a message that says what to change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network

# com.amazonaws.global.cloudfront.origin-facing has a fixed id per region, so that no look-up is needed.
CLOUDFRONT_ORIGIN_FACING = {
    "us-east-1": "pl-3b927c52",
    "us-east-2": "pl-b6a144df",
    "us-west-2": "pl-82a045eb",
    "eu-west-1": "pl-4fa04526",
}


class InvalidEnvironmentError(ValueError):
    """An environment asks for something that cannot work; the message says what to change."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidEnvironmentError(message)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where an environment lives and how long it is meant to live.

    `durable` means: termination protection, deletion protection, and data that outlives its stack.
    """

    name: str
    durable: bool
    region: str = "us-east-2"

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"[a-z][a-z0-9]{1,11}", self.name) is not None,
            f"environment name {self.name!r} is part of resource names: use 2 to 12 lower-case letters and digits",
        )
        _require(
            self.region in CLOUDFRONT_ORIGIN_FACING,
            f"region {self.region!r} has no known CloudFront prefix list: add it to CLOUDFRONT_ORIGIN_FACING",
        )

    @property
    def parameter_prefix(self) -> str:
        """Where the environment publishes what it discovers at run time, without a trailing slash."""
        return f"/retail/{self.name}"

    @property
    def cloudfront_prefix_list(self) -> str:
        """The prefix list of the addresses from which CloudFront calls an origin in this region."""
        return CLOUDFRONT_ORIGIN_FACING[self.region]


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """Address range, availability zones by name (no look-up at synth), and NAT gateways (33 USD a month each)."""

    cidr: str = "10.0.0.0/16"
    zones: tuple[str, ...] = ("us-east-2a", "us-east-2b", "us-east-2c")
    nat_gateways: int

    def __post_init__(self) -> None:
        try:
            prefix = IPv4Network(self.cidr).prefixlen
        except ValueError as error:
            raise InvalidEnvironmentError(f"network cidr {self.cidr!r} is not an IPv4 network: {error}") from error
        _require(16 <= prefix <= 20, f"network cidr {self.cidr} must be between /16 and /20 to hold nine subnets")
        _require(len(set(self.zones)) == len(self.zones), f"availability zones {self.zones} repeat: name each one once")
        _require(
            len(self.zones) >= 2, f"availability zones {self.zones}: Aurora and the load balancer need two at least"
        )
        _require(
            1 <= self.nat_gateways <= len(self.zones),
            f"{self.nat_gateways} NAT gateways for {len(self.zones)} zones: use 1 to {len(self.zones)}",
        )


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The registered name that the shop answers on, and the public Route 53 zone that holds it."""

    name: str
    hosted_zone_id: str

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"([a-z0-9-]{1,63}\.)+[a-z]{2,}", self.name) is not None,
            f"domain {self.name!r} is not a domain name: use for example 'shop.example.com', without 'https://'",
        )
        _require(
            re.fullmatch(r"Z[A-Z0-9]{5,31}", self.hosted_zone_id) is not None,
            f"domain {self.name} needs the id of its Route 53 hosted zone (Z…), not {self.hosted_zone_id!r}",
        )

    @property
    def store(self) -> str:
        """The name of the web shop."""
        return f"store.{self.name}"

    @property
    def origin(self) -> str:
        """The name under which CloudFront reaches the load balancer; it must match the balancer's certificate."""
        return f"origin.{self.name}"


@dataclass(frozen=True, kw_only=True)
class ServiceCapacity:
    """Size of one task and how many of them: Fargate units (1024 = 1 vCPU), MiB, tasks."""

    cpu: int
    memory: int
    min_tasks: int = 2
    max_tasks: int

    def __post_init__(self) -> None:
        _require(
            2 <= self.min_tasks <= self.max_tasks,
            f"tasks {self.min_tasks} to {self.max_tasks}: use a minimum of 2 at least (two zones)",
        )
        _require(
            2 * self.cpu <= self.memory <= 8 * self.cpu,
            f"{self.memory} MiB do not go with {self.cpu} CPU units: Fargate takes 2 to 8 MiB per unit",
        )


@dataclass(frozen=True, kw_only=True)
class DatabaseCapacity:
    """Aurora Serverless v2 limits in ACU (2 GiB each; half steps; 0 pauses when idle) and backup retention in days."""

    min_acu: float
    max_acu: float
    backup_days: int

    def __post_init__(self) -> None:
        for acu in (self.min_acu, self.max_acu):
            _require(acu * 2 % 1 == 0, f"{acu} ACU: Aurora counts in half units")
        _require(
            0 <= self.min_acu <= self.max_acu <= 256 and self.max_acu >= 1,
            f"ACU {self.min_acu} to {self.max_acu}: use 0 ≤ minimum ≤ maximum, maximum 1 to 256",
        )
        _require(1 <= self.backup_days <= 35, f"backups for {self.backup_days} days: Aurora keeps 1 to 35")


@dataclass(frozen=True, kw_only=True)
class CacheCapacity:
    """Upper limits of the serverless cache: stored GB, and ECPU per second (1,000 at least); snapshots in days."""

    max_gigabytes: int
    max_ecpu_per_second: int
    snapshot_days: int

    def __post_init__(self) -> None:
        _require(1 <= self.max_gigabytes <= 5000, f"{self.max_gigabytes} GB of cache: use 1 to 5000")
        _require(self.max_ecpu_per_second >= 1000, f"{self.max_ecpu_per_second} ECPU/s: use 1,000 or more")
        _require(0 <= self.snapshot_days <= 35, f"cache snapshots for {self.snapshot_days} days: use 0 to 35")


@dataclass(frozen=True, kw_only=True)
class ShopOptions:
    """How the shop behaves: which payment gateway charges, and whether an empty catalog is filled with samples."""

    payment_gateway: str
    sample_catalog: bool

    def __post_init__(self) -> None:
        known = self.payment_gateway in ("simulator", "none")
        _require(known, f"payment gateway {self.payment_gateway!r} is unknown: use 'simulator' or 'none'")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployable platform. Logs are kept `log_days`; new raw objects are gathered before a crawler starts."""

    placement: Placement
    network: NetworkPlan
    service: ServiceCapacity
    database: DatabaseCapacity
    cache: CacheCapacity
    shop: ShopOptions
    log_days: int
    crawl_window_seconds: int
    domain: Domain | None = None

    def __post_init__(self) -> None:
        region, name = self.placement.region, self.placement.name
        for zone in self.network.zones:
            _require(zone.startswith(region), f"{name}: zone {zone} is not in region {region}: name zones of {region}")
        _require(
            0 <= self.crawl_window_seconds <= 300,
            f"{name}: new objects are gathered {self.crawl_window_seconds} s before a crawl: SQS gathers 0 to 300",
        )
        _require(
            self.domain is not None or not self.placement.durable,
            f"{name} is durable and has no domain: set domain=Domain(name=…, hosted_zone_id=…)",
        )
        _require(
            not (self.placement.durable and self.shop.payment_gateway == "simulator"),
            f"{name} is durable and charges through the simulator: goods would be free; use 'none'",
        )


DEV = Environment(  # costs as little as the features allow
    placement=Placement(name="dev", durable=False),
    network=NetworkPlan(nat_gateways=1),
    service=ServiceCapacity(cpu=256, memory=512, max_tasks=4),
    database=DatabaseCapacity(min_acu=0, max_acu=2, backup_days=1),
    cache=CacheCapacity(max_gigabytes=1, max_ecpu_per_second=1000, snapshot_days=0),
    shop=ShopOptions(payment_gateway="simulator", sample_catalog=True),
    log_days=7,
    crawl_window_seconds=0,
)

STAGING = Environment(  # prod's shape, paid by the hour of use
    placement=Placement(name="staging", durable=False),
    network=NetworkPlan(nat_gateways=1),
    service=ServiceCapacity(cpu=256, memory=512, max_tasks=20),
    database=DatabaseCapacity(min_acu=0, max_acu=16, backup_days=7),
    cache=CacheCapacity(max_gigabytes=2, max_ecpu_per_second=5000, snapshot_days=1),
    shop=ShopOptions(payment_gateway="simulator", sample_catalog=True),
    log_days=30,
    crawl_window_seconds=300,
)

PROD = Environment(  # rows P1 to P25; put your own domain and zone here before the first deployment
    placement=Placement(name="prod", durable=True),
    network=NetworkPlan(nat_gateways=2),
    service=ServiceCapacity(cpu=256, memory=512, max_tasks=20),
    database=DatabaseCapacity(min_acu=0.5, max_acu=16, backup_days=35),
    cache=CacheCapacity(max_gigabytes=10, max_ecpu_per_second=50_000, snapshot_days=7),
    shop=ShopOptions(payment_gateway="none", sample_catalog=False),
    log_days=365,
    crawl_window_seconds=300,
    domain=Domain(name="retailplatform.example", hosted_zone_id="Z0000000EXAMPLE"),
)

ENVIRONMENTS = {environment.placement.name: environment for environment in (DEV, STAGING, PROD)}


def named(name: str) -> Environment:
    """The environment of that name; an unknown one is an `InvalidEnvironmentError` that lists the known ones."""
    _require(name in ENVIRONMENTS, f"unknown environment {name!r}: use -c env= with one of {', '.join(ENVIRONMENTS)}")
    return ENVIRONMENTS[name]
