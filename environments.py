"""What differs between environments, typed and validated: `DEV`, `STAGING`, `PROD`.

A combination that makes no sense fails when it is made, with a message that says what to change.
"""

from __future__ import annotations

from dataclasses import dataclass

from environment_options import (
    CLOUDFRONT_ORIGIN_FACING,
    LIGHT_TRAFFIC,
    BackupRetention,
    CacheCapacity,
    DatabaseCapacity,
    Domain,
    InvalidEnvironmentError,
    NetworkPlan,
    Operations,
    Placement,
    ServiceCapacity,
    ShopOptions,
    WarehouseCapacity,
    require,
)

__all__ = [
    "CLOUDFRONT_ORIGIN_FACING",
    "DEV",
    "ENVIRONMENTS",
    "LIGHT_TRAFFIC",
    "PROD",
    "STAGING",
    "BackupRetention",
    "CacheCapacity",
    "DatabaseCapacity",
    "Domain",
    "Environment",
    "InvalidEnvironmentError",
    "NetworkPlan",
    "Operations",
    "Placement",
    "ServiceCapacity",
    "ShopOptions",
    "WarehouseCapacity",
    "named",
]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployable platform. Logs are kept `log_days`.

    Events are gathered `lake_delivery_seconds` for one object of the lake, new objects before a crawler starts.
    """

    placement: Placement
    network: NetworkPlan
    service: ServiceCapacity
    database: DatabaseCapacity
    cache: CacheCapacity
    shop: ShopOptions
    operations: Operations
    log_days: int
    lake_delivery_seconds: int
    crawl_window_seconds: int
    warehouse: WarehouseCapacity | None = None
    domain: Domain | None = None
    accelerator: bool = False  # row P1: fixed addresses for programs, about 45 USD a month

    def __post_init__(self) -> None:
        region, name = self.placement.region, self.placement.name
        for zone in self.network.zones:
            require(zone.startswith(region), f"{name}: zone {zone} is not in region {region}: name zones of {region}")
        require(
            0 <= self.crawl_window_seconds <= 300,
            f"{name}: new objects are gathered {self.crawl_window_seconds} s before a crawl: SQS gathers 0 to 300",
        )
        require(
            0 <= self.lake_delivery_seconds <= 900,
            f"{name}: events are gathered {self.lake_delivery_seconds} s for an object: Firehose gathers 0 to 900",
        )
        require(
            self.domain is not None or not self.placement.durable,
            f"{name} is durable and has no domain: set domain=Domain(name=…, hosted_zone_id=…)",
        )
        require(
            self.warehouse is None or len(self.network.zones) >= 3,
            f"{name}: Redshift wants subnets in three zones: name a third one in network.zones, or set warehouse=None",
        )
        require(
            self.domain is not None or not self.accelerator,
            f"{name} has an accelerator and no domain: api.<domain> needs a certificate; set domain or switch it off",
        )
        require(
            (self.operations.backups is not None) == self.placement.durable,
            f"{name}: durable environments have backups, others none: change placement.durable or operations.backups",
        )
        require(
            not (self.placement.durable and self.shop.payment_gateway == "simulator"),
            f"{name} is durable and charges through the simulator: goods would be free; use 'stripe' or 'none'",
        )


DEV = Environment(  # costs as little as the features allow
    placement=Placement(name="dev", durable=False),
    network=NetworkPlan(nat_gateways=1),
    service=ServiceCapacity(cpu=256, memory=512, max_tasks=4),
    database=DatabaseCapacity(min_acu=0, max_acu=2, backup_days=1),
    cache=CacheCapacity(max_gigabytes=1, max_ecpu_per_second=1000, snapshot_days=0),
    shop=ShopOptions(payment_gateway="simulator", sample_catalog=True),
    operations=Operations(monthly_budget=150),
    log_days=7,
    lake_delivery_seconds=5,  # somebody is watching
    crawl_window_seconds=0,
    warehouse=None,  # 1.50 USD for each hour that somebody asks; Athena has the same tables
)

STAGING = Environment(  # prod's shape, TLS on every way, paid by the hour of use; put your own domain and zone here
    placement=Placement(name="staging", durable=False),
    network=NetworkPlan(nat_gateways=1),
    service=ServiceCapacity(cpu=256, memory=512, max_tasks=20),
    database=DatabaseCapacity(min_acu=0, max_acu=16, backup_days=7),
    cache=CacheCapacity(max_gigabytes=2, max_ecpu_per_second=5000, snapshot_days=1),
    shop=ShopOptions(payment_gateway="simulator", sample_catalog=True),
    operations=Operations(monthly_budget=250, traces=True),
    log_days=30,
    lake_delivery_seconds=60,
    crawl_window_seconds=300,
    warehouse=WarehouseCapacity(rpu_hours_a_month=20),
    domain=Domain(name="staging.retailplatform.example", hosted_zone_id="Z0000000EXAMPLE"),
)

PROD = Environment(  # rows P1 to P25; put your own domain and zone here before the first deployment
    placement=Placement(name="prod", durable=True),
    network=NetworkPlan(nat_gateways=2),
    service=ServiceCapacity(cpu=256, memory=512, max_tasks=20),
    database=DatabaseCapacity(min_acu=0.5, max_acu=16, backup_days=35),
    cache=CacheCapacity(max_gigabytes=10, max_ecpu_per_second=50_000, snapshot_days=7),
    shop=ShopOptions(payment_gateway="stripe", sample_catalog=False),
    operations=Operations(
        monthly_budget=369,  # row P24
        traces=True,
        relay_minutes=1,
        backups=BackupRetention(daily=14, weekly=90),
    ),
    log_days=365,
    lake_delivery_seconds=60,
    crawl_window_seconds=300,
    warehouse=WarehouseCapacity(rpu_hours_a_month=100),  # 37.50 USD at most
    domain=Domain(name="retailplatform.example", hosted_zone_id="Z0000000EXAMPLE"),
    accelerator=True,
)

ENVIRONMENTS = {environment.placement.name: environment for environment in (DEV, STAGING, PROD)}


def named(name: str) -> Environment:
    """The environment of that name; an unknown one is an `InvalidEnvironmentError` that lists the known ones."""
    require(name in ENVIRONMENTS, f"unknown environment {name!r}: use -c env= with one of {', '.join(ENVIRONMENTS)}")
    return ENVIRONMENTS[name]
