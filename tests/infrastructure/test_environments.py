"""An environment that cannot work is refused, with a message that says what to change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from environments import (
    DEV,
    ENVIRONMENTS,
    PROD,
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
    named,
)

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "unknown environment": (lambda: named("production"), "unknown environment 'production'.*dev, staging, prod"),
    "name with capitals": (lambda: Placement(name="Dev", durable=False), "'Dev'.*lower-case"),
    "region without prefix list": (lambda: Placement(name="dev", durable=False, region="mars-1"), "'mars-1'.*add it"),
    "cidr that is none": (lambda: NetworkPlan(cidr="10.0.0.0/99", nat_gateways=1), "'10.0.0.0/99' is not an IPv4"),
    "cidr with host bits": (lambda: NetworkPlan(cidr="10.0.0.1/16", nat_gateways=1), "'10.0.0.1/16' is not an IPv4"),
    "cidr too small": (lambda: NetworkPlan(cidr="10.0.0.0/24", nat_gateways=1), "between /16 and /20"),
    "cidr that is not private": (lambda: NetworkPlan(cidr="172.16.0.0/16", nat_gateways=1), "not within 10.0.0.0/8"),
    "one zone": (lambda: NetworkPlan(zones=("us-east-2a",), nat_gateways=1), "need two at least"),
    "zone twice": (lambda: NetworkPlan(zones=("us-east-2a", "us-east-2a"), nat_gateways=1), "repeat"),
    "no NAT": (lambda: NetworkPlan(nat_gateways=0), "0 NAT gateways.*use 1 to 3"),
    "more NAT than zones": (lambda: NetworkPlan(nat_gateways=4), "4 NAT gateways.*use 1 to 3"),
    "zone of another region": (
        lambda: replace(DEV, network=NetworkPlan(zones=("eu-west-1a", "eu-west-1b"), nat_gateways=1)),
        "zone eu-west-1a is not in region us-east-2",
    ),
    "domain with scheme": (
        lambda: Domain(name="https://shop.example", hosted_zone_id="Z12345678"),
        "without 'https://'",
    ),
    "domain without zone": (lambda: Domain(name="shop.example", hosted_zone_id=""), "shop.example needs the id"),
    "minimum above maximum": (lambda: ServiceCapacity(cpu=256, memory=512, min_tasks=5, max_tasks=4), "tasks 5 to 4"),
    "one task": (lambda: ServiceCapacity(cpu=256, memory=512, min_tasks=1, max_tasks=4), "minimum of 2"),
    "memory that Fargate lacks": (lambda: ServiceCapacity(cpu=1024, memory=512, max_tasks=4), "512 MiB.*1024 CPU"),
    "ACU upside down": (lambda: DatabaseCapacity(min_acu=4, max_acu=2, backup_days=1), "ACU 4 to 2"),
    "ACU in thirds": (lambda: DatabaseCapacity(min_acu=0.3, max_acu=2, backup_days=1), "half units"),
    "no backup": (lambda: DatabaseCapacity(min_acu=0, max_acu=2, backup_days=0), "keeps 1 to 35"),
    "cache of nothing": (
        lambda: CacheCapacity(max_gigabytes=0, max_ecpu_per_second=1000, snapshot_days=0),
        "0 GB of cache",
    ),
    "cache too slow": (
        lambda: CacheCapacity(max_gigabytes=1, max_ecpu_per_second=10, snapshot_days=0),
        "10 ECPU/s: use 1,000",
    ),
    "weekly backups gone first": (lambda: BackupRetention(daily=30, weekly=7), "keep the weekly ones longer"),
    "no budget": (lambda: Operations(monthly_budget=0), "a budget of 0 USD"),
    "durable without backups": (
        lambda: replace(PROD, operations=Operations(monthly_budget=369)),
        "prod: durable environments have backups",
    ),
    "crawl once an hour": (lambda: replace(DEV, crawl_window_seconds=3600), "dev: new objects are gathered 3600 s"),
    "unknown gateway": (lambda: ShopOptions(payment_gateway="cash", sample_catalog=False), "'cash' is unknown"),
    "country by name": (
        lambda: ShopOptions(payment_gateway="none", sample_catalog=False, closed_to=("Cuba",)),
        "country 'Cuba' is no ISO 3166 code",
    ),
    "durable without domain": (lambda: replace(PROD, domain=None), "prod is durable and has no domain"),
    "free goods": (
        lambda: replace(PROD, shop=ShopOptions(payment_gateway="simulator", sample_catalog=False)),
        "goods would be free",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nonsense_is_refused_with_what_to_change(case: str) -> None:
    make, message = REFUSED[case]

    with pytest.raises(InvalidEnvironmentError, match=message):
        make()


def test_every_environment_is_found_by_its_name() -> None:
    assert {name: named(name) for name in ("dev", "staging", "prod")} == ENVIRONMENTS


def test_prod_has_what_the_requirements_name() -> None:
    assert (PROD.network.cidr, len(PROD.network.zones), PROD.network.nat_gateways) == ("10.0.0.0/16", 3, 2)
    assert (PROD.database.min_acu, PROD.database.max_acu) == (0.5, 16)
    assert (PROD.service.min_tasks, PROD.service.max_tasks) == (2, 20)
    assert PROD.placement.durable
    assert PROD.domain is not None
