"""The shop's cache: ElastiCache Serverless for Valkey, which has no L2 construct."""

from __future__ import annotations

from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from constructs import Construct

from retail_constructs.function import NetworkAccess

ENGINE = "valkey"
MAJOR_VERSION = "8"


class ServerlessCache(Construct):
    """A Valkey cache in isolated subnets, encrypted at rest with `key`, TLS always.

    Its one user may read, write and publish, but not administer; the network admits the application and the
    functions alone. `name` is needed: ElastiCache generates none. Limits in GB and ECPU per second.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        network: NetworkAccess,
        key: kms.IKey,
        max_gigabytes: int,
        max_ecpu_per_second: int,
        snapshot_days: int,
    ) -> None:
        super().__init__(scope, id)
        user = elasticache.CfnUser(
            self,
            "User",
            engine=ENGINE,
            user_id=f"{name}-default",
            user_name="default",  # a group needs a user of this name
            access_string="on ~* &* +@all -@admin -@dangerous",
            authentication_mode={"Type": "no-password-required"},
        )
        group = elasticache.CfnUserGroup(self, "UserGroup", engine=ENGINE, user_group_id=name, user_ids=[user.ref])
        self.cache = elasticache.CfnServerlessCache(
            self,
            "Default",
            serverless_cache_name=name,
            description="Read-through cache and carts of the shop",
            engine=ENGINE,
            major_engine_version=MAJOR_VERSION,
            kms_key_id=key.key_arn,
            subnet_ids=network.subnet_ids,
            security_group_ids=network.security_group_ids,
            user_group_id=group.ref,
            daily_snapshot_time="07:00" if snapshot_days else None,
            snapshot_retention_limit=snapshot_days or None,
            cache_usage_limits=elasticache.CfnServerlessCache.CacheUsageLimitsProperty(
                data_storage=elasticache.CfnServerlessCache.DataStorageProperty(unit="GB", maximum=max_gigabytes),
                ecpu_per_second=elasticache.CfnServerlessCache.ECPUPerSecondProperty(maximum=max_ecpu_per_second),
            ),
        )

    @property
    def endpoint(self) -> str:
        """`host:port` as ElastiCache names it; an alias would fail the certificate check."""
        return f"{self.cache.attr_endpoint_address}:{self.cache.attr_endpoint_port}"
