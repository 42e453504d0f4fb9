"""The concerns in which environments differ, each a frozen dataclass that refuses what cannot work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from types import MappingProxyType

# com.amazonaws.global.cloudfront.origin-facing has a fixed id per region, so that no look-up is needed.
CLOUDFRONT_ORIGIN_FACING = {
    "us-east-1": "pl-3b927c52",
    "us-east-2": "pl-b6a144df",
    "us-west-2": "pl-82a045eb",
    "eu-west-1": "pl-4fa04526",
}


# Where a shop on AWS's US regions may not sell: the comprehensive embargoes of the US Treasury (OFAC), 2026-11.
EMBARGOED = ("CU", "IR", "KP")


class InvalidEnvironmentError(ValueError):
    """An environment asks for something that cannot work; the message says what to change."""


def require(condition: bool, message: str) -> None:
    """Raise `InvalidEnvironmentError` with the message, which says what to change, unless the condition holds."""
    if not condition:
        raise InvalidEnvironmentError(message)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where an environment lives, how long it is meant to live, and who answers and pays for it.

    `durable` means: termination protection, and data that outlives its stack. Others go with `python -m ops.teardown`.
    """

    name: str
    durable: bool
    region: str = "us-east-2"
    owner: str = "shop-platform"
    cost_centre: str = "online-shop"

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"[a-z][a-z0-9]{1,11}", self.name) is not None,
            f"environment name {self.name!r} is part of resource names: use 2 to 12 lower-case letters and digits",
        )
        require(
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


# GB a month that tasks and functions exchange with AWS services at light traffic, by the service's endpoint name. Image
# layers, the lake and the layers of functions go to S3, over its free gateway endpoint.
LIGHT_TRAFFIC = MappingProxyType(
    {"logs": 10, "sqs": 3, "xray": 2, "events": 1, "sns": 1, "ecr.api": 1, "ecr.dkr": 1, "bedrock-runtime": 1}
)


INSIDE = IPv4Network("10.0.0.0/8")  # where every network of ours lies


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """Address range, zones by name (no look-up at synth), NAT gateways (33 USD a month each), expected traffic.

    `service_gigabytes` decides which services get an interface endpoint: those for which it costs less than NAT.
    """

    cidr: str = "10.0.0.0/16"
    zones: tuple[str, ...] = ("us-east-2a", "us-east-2b", "us-east-2c")
    nat_gateways: int
    service_gigabytes: Mapping[str, float] = field(default_factory=lambda: LIGHT_TRAFFIC)

    def __post_init__(self) -> None:
        try:
            network = IPv4Network(self.cidr)
        except ValueError as error:
            raise InvalidEnvironmentError(f"network cidr {self.cidr!r} is not an IPv4 network: {error}") from error
        require(
            network.subnet_of(INSIDE),
            f"network cidr {self.cidr} is not within {INSIDE}, by which the load balancer behind the accelerator tells "
            f"callers inside from those outside: use a part of {INSIDE}",
        )
        require(
            16 <= network.prefixlen <= 20, f"network cidr {self.cidr} must be between /16 and /20 to hold nine subnets"
        )
        require(len(set(self.zones)) == len(self.zones), f"availability zones {self.zones} repeat: name each one once")
        require(
            len(self.zones) >= 2, f"availability zones {self.zones}: Aurora and the load balancer need two at least"
        )
        require(
            1 <= self.nat_gateways <= len(self.zones),
            f"{self.nat_gateways} NAT gateways for {len(self.zones)} zones: use 1 to {len(self.zones)}",
        )


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The registered name that the shop answers on, and the public Route 53 zone that holds it."""

    name: str
    hosted_zone_id: str

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"([a-z0-9-]{1,63}\.)+[a-z]{2,}", self.name) is not None,
            f"domain {self.name!r} is not a domain name: use for example 'shop.example.com', without 'https://'",
        )
        require(
            re.fullmatch(r"Z[A-Z0-9]{5,31}", self.hosted_zone_id) is not None,
            f"domain {self.name} needs the id of its Route 53 hosted zone (Z…), not {self.hosted_zone_id!r}",
        )

    @property
    def store(self) -> str:
        """The name of the web shop."""
        return f"store.{self.name}"

    @property
    def api(self) -> str:
        """The name of the entry for programs, behind fixed addresses."""
        return f"api.{self.name}"

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
        require(
            2 <= self.min_tasks <= self.max_tasks,
            f"tasks {self.min_tasks} to {self.max_tasks}: use a minimum of 2 at least (two zones)",
        )
        require(
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
            require(acu * 2 % 1 == 0, f"{acu} ACU: Aurora counts in half units")
        require(
            0 <= self.min_acu <= self.max_acu <= 256 and self.max_acu >= 1,
            f"ACU {self.min_acu} to {self.max_acu}: use 0 ≤ minimum ≤ maximum, maximum 1 to 256",
        )
        require(1 <= self.backup_days <= 35, f"backups for {self.backup_days} days: Aurora keeps 1 to 35")


@dataclass(frozen=True, kw_only=True)
class CacheCapacity:
    """Upper limits of the serverless cache: stored GB, and ECPU per second (1,000 at least); snapshots in days."""

    max_gigabytes: int
    max_ecpu_per_second: int
    snapshot_days: int

    def __post_init__(self) -> None:
        require(1 <= self.max_gigabytes <= 5000, f"{self.max_gigabytes} GB of cache: use 1 to 5000")
        require(self.max_ecpu_per_second >= 1000, f"{self.max_ecpu_per_second} ECPU/s: use 1,000 or more")
        require(0 <= self.snapshot_days <= 35, f"cache snapshots for {self.snapshot_days} days: use 0 to 35")


@dataclass(frozen=True, kw_only=True)
class BackupRetention:
    """For how many days daily and weekly recovery points are kept, in a vault that nobody empties sooner."""

    daily: int
    weekly: int

    def __post_init__(self) -> None:
        require(
            1 <= self.daily < self.weekly,
            f"daily backups for {self.daily} days, weekly for {self.weekly}: keep the weekly ones longer",
        )


@dataclass(frozen=True, kw_only=True)
class Operations:
    """What an environment may cost a month (USD), how it is backed up, and whether experiments may break it.

    With `traces` a collector beside each task sends the storefront's spans to X-Ray; functions trace everywhere.
    A vault with recovery points cannot go with its stack: only durable environments have one. Every `relay_minutes` the
    outbox is looked into, which wakes the database: where that may pause, an hour is often enough.
    """

    monthly_budget: int
    traces: bool = False
    relay_minutes: int = 60
    backups: BackupRetention | None = None
    fault_injection: bool = False

    def __post_init__(self) -> None:
        require(
            1 <= self.relay_minutes <= 24 * 60,
            f"the outbox is looked into every {self.relay_minutes} minutes: use 1 to {24 * 60}",
        )
        require(self.monthly_budget > 0, f"a budget of {self.monthly_budget} USD a month: use what it may cost")


@dataclass(frozen=True, kw_only=True)
class ShopOptions:
    """How the shop behaves: which payment gateway charges, whether an empty catalog is filled with samples, and the
    countries (ISO 3166, two letters) that CloudFront refuses, because the law forbids to sell there.
    """

    payment_gateway: str
    sample_catalog: bool
    closed_to: tuple[str, ...] = EMBARGOED

    def __post_init__(self) -> None:
        for country in self.closed_to:
            require(
                re.fullmatch(r"[A-Z]{2}", country) is not None,
                f"country {country!r} is no ISO 3166 code: use two capital letters, for example 'KP'",
            )
        known = self.payment_gateway in ("simulator", "stripe", "none")
        require(known, f"payment gateway {self.payment_gateway!r} is unknown: use 'simulator', 'stripe' or 'none'")


@dataclass(frozen=True, kw_only=True)
class WarehouseCapacity:
    """Redshift Serverless: base capacity in RPU, and the RPU hours (0.375 USD each) after which it stops for the month.

    Idle it costs nothing but its password's secret; every statement wakes it for a minute at least.
    """

    base_rpu: int = 4
    rpu_hours_a_month: int

    def __post_init__(self) -> None:
        require(
            self.base_rpu == 4 or (self.base_rpu % 8 == 0 and 8 <= self.base_rpu <= 512),
            f"{self.base_rpu} RPU: Redshift Serverless takes 4, or 8 to 512 in steps of 8",
        )
        require(
            self.rpu_hours_a_month >= 1, f"{self.rpu_hours_a_month} RPU hours a month: use 1 or more, or no warehouse"
        )
